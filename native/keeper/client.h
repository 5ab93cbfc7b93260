#pragma once

#include <mutex>
#include <utility>

#include "core/failure.h"
#include "core/unique_fd.h"
#include "fuse/mount.h"
#include "keeper/messages.h"

namespace ikfs::keeper {

/** The daemon's side: asks the keeper, one request at a time. Safe to use from several threads. */
class Client {
 public:
  /** @param socket the daemon's end of the pair */
  explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}

  /** As fuse::mount_tree, at the place that the keeper was told when it began. */
  Result<UniqueFd> mount();
  /** As fuse::unmount_tree; directories that were made for the mount go as well. */
  Result<fuse::Unmounted> unmount(bool lazily);

 private:
  Result<Answer> ask(Request request);

  std::mutex turn_;
  UniqueFd socket_;
};

}  // namespace ikfs::keeper
