#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "fuse/session.h"
#include "fuse/task_queue.h"

namespace ikfs::fuse {

/**
 * Puts a part of the mounted tree into the kernel's caches before anybody asks: walks it from outside, so
 * that the kernel knows every name and attribute, and hands over the content of each file
 * (FUSE_NOTIFY_STORE). All that it takes is page cache, which the kernel drops when memory is short. Runs
 * behind everybody else's work; nothing that is not known yet is made for it. Who walks has no open files but
 * its own (own_files.h), so who hands over is another thread: that takes the device, and blobs.
 */
class Warmer {
 public:
  struct Progress {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    bool done = true;
  };

  /**
   * Begins.
   * @param folder full path of a directory in the mount
   * @param most_bytes where to stop
   */
  Warmer(const Session& session, std::string folder, std::uint64_t most_bytes);
  /** Waits for the threads; to be called when the mount is gone or after it is done. */
  ~Warmer();
  Warmer(const Warmer&) = delete;
  Warmer& operator=(const Warmer&) = delete;

  /** Asks for an end soon; `progress().done` tells when it has. Until then it keeps the mount busy. */
  void cancel() { cancelled_.store(true); }

  Progress progress() const;

 private:
  void work();
  void walk(UniqueFd directory, int depth);
  /** Hands files over, and waits until that is done. */
  void store_all(const std::vector<NodeId>& files);
  bool store(NodeId id);
  bool goes_on() const { return !cancelled_.load() && bytes_.load() < most_bytes_; }

  const Session& session_;
  const std::string folder_;
  const std::uint64_t most_bytes_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<std::uint64_t> files_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  Dispatcher::Buffer buffer_;
  TaskQueue stores_;
  std::thread walker_;
};

}  // namespace ikfs::fuse
