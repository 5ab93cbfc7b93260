#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "fuse/device.h"
#include "fuse/dispatcher.h"

namespace ikfs::fuse {

/** The kernel is to forget a name, and what was below it. */
struct ForgetName {
  NodeId parent;
  std::string name;
};

/** The kernel is to forget a node's attributes and content. */
struct ForgetContent {
  NodeId node;
};

using Forgetting = std::variant<ForgetName, ForgetContent>;

/** What follows a change of the table, in this order. */
struct Delivery {
  std::vector<Forgetting> forget;
  std::vector<Answered> answered;
};

/**
 * Tells the kernel what to forget and answers requests that have waited, on a thread of its own: telling may
 * wait for a page that a reader has yet to fill, so no reader's thread may do it, nor JavaScript's.
 */
class Postman {
 public:
  Postman(const Device& device, Dispatcher& dispatcher);
  ~Postman();
  Postman(const Postman&) = delete;
  Postman& operator=(const Postman&) = delete;

  void post(Delivery delivery);

  /** Ends the thread; what is posted afterwards is dropped. */
  void stop();

 private:
  void work();
  void deliver(const Delivery& delivery);

  const Device& device_;
  Dispatcher& dispatcher_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Delivery> deliveries_;
  bool stopping_ = false;
  Dispatcher::Buffer buffer_;
  std::thread thread_;
};

}  // namespace ikfs::fuse
