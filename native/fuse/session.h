#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "fuse/device.h"
#include "fuse/dispatcher.h"
#include "fuse/postman.h"

namespace ikfs::fuse {

/** Called once, on a reader's thread, when the kernel has ended the connection: 0, or a positive errno. */
using Ended = std::function<void(int)>;

/**
 * A connection to the kernel and the threads that serve it. Nodes come from publish(); what is not known yet
 * is asked for, and the answer comes by publish() as well.
 */
class Session {
 public:
  /**
   * @param readers how many threads take requests; at least one
   * @param ask asked for what a request needs; on a reader's thread
   * @param looked_into told of directories that are looked into; on a reader's thread
   */
  Session(
      UniqueFd device, unsigned readers, AskFor ask, Ended ended, LookedInto looked_into = [](NodeId) {});

  /** Ends the threads if the kernel has not ended the connection; whoever waits for an answer gets an error.
   */
  ~Session();

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /** Replaces and adds nodes, then tells the kernel and answers who has waited. */
  void publish(std::vector<NodeUpdate> updates, Delivery delivery);

  /** Begins to take requests. The table must hold the root by then. */
  void start();

  /**
   * Ends the threads although the kernel has not ended the connection: the mount was detached while somebody
   * still has files of it open. They get errors from now on.
   */
  void stop();

  /** Waits until the threads have ended, as they do when the mount is gone. */
  void join();

  /** Gives back memory that is only kept to be faster: what answers under way do not use. */
  void let_go();

  /** What readers and those who wait are at. */
  struct Work {
    /** Requests that wait for what has not been made yet. */
    std::size_t waiting = 0;
    /** Readers that answer a request just now. */
    unsigned answering = 0;
    /** For how long the slowest of them has been at it, in milliseconds: an answer takes as long as a read.
     */
    std::int64_t longest = 0;
  };

  Work work();

  const Dispatcher& dispatcher() const { return dispatcher_; }
  const Device& device() const { return device_; }

 private:
  void serve(unsigned reader);

  /** Room for answers that its reader does not use just now, or null. */
  class KeptRoom {
   public:
    ~KeptRoom() { take(); }
    std::unique_ptr<Dispatcher::Buffer> take() {
      return std::unique_ptr<Dispatcher::Buffer>(room_.exchange(nullptr));
    }
    void keep(std::unique_ptr<Dispatcher::Buffer> room) { delete room_.exchange(room.release()); }

   private:
    std::atomic<Dispatcher::Buffer*> room_ = nullptr;
  };

  Device device_;
  Dispatcher dispatcher_;
  Postman postman_;
  Ended ended_;
  std::atomic<unsigned> serving_;
  std::atomic<int> end_error_ = 0;
  std::atomic<bool> stopping_ = false;
  unsigned readers_;
  /** For each reader since when it has been answering a request, as `now()` has it; 0 while it waits for one.
   */
  std::vector<std::atomic<std::int64_t>> answering_since_;
  /** One for each reader. */
  std::vector<KeptRoom> rooms_;
  std::vector<std::thread> threads_;
};

}  // namespace ikfs::fuse
