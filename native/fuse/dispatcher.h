#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fuse/counters.h"
#include "fuse/device.h"
#include "fuse/negotiation.h"
#include "fuse/node_table.h"
#include "fuse/waiting.h"

namespace ikfs::fuse {

/** Asks for what a node needs; called on a reader's thread, so it must not wait. */
using AskFor = std::function<void(NodeId, Need)>;

/** Told of a directory of which all below is known, in which a file is looked up for the first time; called
 * on a reader's thread. */
using LookedInto = std::function<void(NodeId)>;

/** What came of a need. */
struct Answered {
  Waiting::Key key;
  /** 0, or the positive errno with which requests end that still can not be answered. */
  int error = 0;
};

/**
 * Answers requests from the node table. Everything is read from one table a request, so an answer is never of
 * two moments. Safe for use from several threads.
 */
class Dispatcher {
 public:
  Dispatcher(const Device& device, AskFor ask, LookedInto looked_into)
      : device_(device), ask_(std::move(ask)), looked_into_(std::move(looked_into)) {}

  /** Room that a thread keeps for the bytes of its answers. */
  using Buffer = std::vector<std::uint8_t>;

  /** Answers a request, or parks it. Malformed ones are refused. @param message header and body */
  void handle(Bytes message, Buffer& buffer);

  /** Answers the requests that waited for something. */
  void resume(const Answered& answered, Buffer& buffer);

  /** Refuses all that wait, and from now on all that would have to wait, with ENOTCONN. */
  void close();

  /** The table from now on. */
  void publish(std::vector<NodeUpdate> updates);

  /** Has the table take as little memory as it can. */
  void compact();

  std::shared_ptr<const NodeTable> table() const;
  const Counters& counters() const { return counters_; }
  /** Requests that wait for what has not been made yet. */
  std::size_t waiting() { return waiting_.count(); }
  /** Whether INIT has been answered. */
  bool ready() const { return ready_.load(); }

 private:
  struct Request;

  void dispatch(Request& request, Buffer& buffer);
  void init(Request& request);
  void lookup(Request& request);
  void getattr(Request& request);
  void readlink(Request& request);
  void open(Request& request, bool directory);
  void read(Request& request, Buffer& buffer);
  void readdir(Request& request, Buffer& buffer, bool plus);
  void statfs(Request& request);
  void interrupt(Request& request);
  void park(Request& request, NodeId node, Need need);
  const Node* node_of(Request& request);
  void refuse(const Request& request, int error) const;

  const Device& device_;
  AskFor ask_;
  LookedInto looked_into_;
  Counters counters_;
  Waiting waiting_;
  Agreement agreement_;
  std::atomic<bool> ready_ = false;
  std::mutex publish_mutex_;
  mutable std::mutex table_mutex_;
  std::shared_ptr<const NodeTable> table_ = std::make_shared<NodeTable>();
};

}  // namespace ikfs::fuse
