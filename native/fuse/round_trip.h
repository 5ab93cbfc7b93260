#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "fuse/task_queue.h"

namespace ikfs::fuse {

/**
 * Finds out whether a mount answers, by looking at it as any program does. The process that looks is the one
 * that serves it, so this has a thread of its own, which may wait for as long as it takes.
 */
class RoundTrip {
 public:
  /** Told what came of it, on a thread of its own: 0, or a positive errno. */
  using Done = std::function<void(int)>;

  RoundTrip();
  ~RoundTrip() { end(); }
  RoundTrip(const RoundTrip&) = delete;
  RoundTrip& operator=(const RoundTrip&) = delete;

  /**
   * Asks for the figures of a file system (statfs(2)). No cache answers that, and neither does JavaScript: it
   * is one request, which readers answer at once.
   */
  void ask(std::string mountpoint, Done done);

  /**
   * Asks for the attributes of a file. Of a volatile one that takes all there is: readers, JavaScript,
   * postman. It is not opened: a fence may leave this process no right to that.
   */
  void look_at(std::string path, Done done);

  /** Whether nothing is under way, which would keep the mount busy. */
  bool idle() const { return pending_.load() == 0; }

  /** Waits for the threads; what has not begun is dropped. The connection must have ended, or be served. */
  void end() {
    looks_.stop();
    reports_.stop();
  }

 private:
  void add(std::function<int()> look, Done done);

  std::atomic<unsigned> pending_ = 0;
  /** Tells what came of it: whoever is told may use files of the process, the thread that looks may not. */
  TaskQueue reports_;
  TaskQueue looks_;
};

}  // namespace ikfs::fuse
