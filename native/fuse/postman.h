#pragma once

#include <string>
#include <vector>

#include "fuse/device.h"
#include "fuse/dispatcher.h"
#include "fuse/task_queue.h"

namespace ikfs::fuse {

/** The kernel is to forget a name, and what was below it. */
struct ForgetName {
  NodeId parent;
  std::string name;
};

/** What follows a change of the table, in this order. */
struct Delivery {
  /** Nodes whose attributes and content the kernel is to forget. */
  std::vector<NodeId> forget_contents;
  std::vector<Answered> answered;
  std::vector<ForgetName> forget_names;
};

/**
 * Tells the kernel what to forget, and answers requests that have waited. No reader's thread may do either,
 * nor JavaScript's, as the kernel may have to wait:
 *  - to forget content it waits for pages that are being read, which readers answer;
 *  - to forget a name it waits for all lookups in that directory, which may wait for an artifact. So this has
 *    a thread of its own, and no answer ever stands behind it.
 */
class Postman {
 public:
  Postman(const Device& device, Dispatcher& dispatcher) : device_(device), dispatcher_(dispatcher) {}

  void post(Delivery delivery);

  /** Ends the threads. Requests that still wait must have been refused, as forgetting may wait for them. */
  void stop();

 private:
  const Device& device_;
  Dispatcher& dispatcher_;
  Dispatcher::Buffer buffer_;
  TaskQueue answers_;
  TaskQueue names_;
};

}  // namespace ikfs::fuse
