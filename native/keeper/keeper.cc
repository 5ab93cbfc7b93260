#include "keeper/keeper.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "fuse/mount.h"
#include "fuse/mount_table.h"
#include "keeper/messages.h"

namespace ikfs::keeper {

namespace {

/** The mount, and the directories made for it. */
class Place {
 public:
  explicit Place(const Task& task) : task_(task) {}

  Answer mount() {
    auto mounted = fuse::mount_tree({task_.mountpoint, task_.allow_other, task_.search_path});
    if (auto* failure = std::get_if<Failure>(&mounted)) return {.failure = std::move(*failure)};
    auto& device = std::get<UniqueFd>(mounted);
    connection_ = UniqueFd(fcntl(device.get(), F_DUPFD_CLOEXEC, 0));
    device_number_ = fuse::device_mounted_at(task_.mountpoint);
    return {.device = std::move(device)};
  }

  /** Takes away what was mounted, and nothing that somebody else has mounted in its place since. */
  Answer unmount(bool lazily) {
    Answer answer{.was_not_mounted = true};
    if (is_still_there()) {
      auto unmounted = fuse::unmount_tree({task_.mountpoint, lazily, task_.search_path});
      if (auto* failure = std::get_if<Failure>(&unmounted)) return {.failure = std::move(*failure)};
      answer.was_not_mounted = std::get<fuse::Unmounted>(unmounted) == fuse::Unmounted::not_mounted;
    }
    // Whoever still uses it is set free when the daemon closes its own.
    connection_ = UniqueFd();
    remove_made();
    return answer;
  }

 private:
  bool is_still_there() const {
    if (connection_.get() < 0) return false;
    // Not looked at unless it is: an automount below it would have it mounted again.
    if (fuse::device_mounted_at(task_.mountpoint) != device_number_) return false;
    if (fuse::is_connected(connection_.get())) return true;
    // The number may be another's by now. Nobody misses a dead one, whose ever it was.
    struct statfs figures {};
    return statfs(task_.mountpoint.c_str(), &figures) != 0 && errno == ENOTCONN;
  }

  /** One that somebody uses by now stays: an empty directory too many is no harm. */
  void remove_made() const {
    for (const auto& folder : task_.made) {
      if (rmdir(folder.c_str()) != 0) return;
    }
  }

  const Task& task_;
  /** A second descriptor of the connection, by which it is known whether the mount lives. */
  UniqueFd connection_;
  /** Nobody else's as long as it lives; nothing where there is no table of mounts. */
  std::optional<std::string> device_number_;
};

Answer answer(Place& place, Request request) {
  switch (request) {
    case Request::mount:
      return place.mount();
    case Request::unmount:
      return place.unmount(false);
    case Request::detach:
      return place.unmount(true);
  }
  return {};
}

}  // namespace

void keep(int socket, const Task& task) {
  Place place(task);
  while (const auto request = receive_request(socket)) {
    if (!send_answer(socket, answer(place, *request))) break;
  }
  place.unmount(true);
}

}  // namespace ikfs::keeper
