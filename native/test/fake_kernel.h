#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "fuse/device.h"
#include "fuse/node_table.h"
#include "fuse/protocol.h"
#include "test/runner.h"

namespace ikfs::test {

/** An answer to a request, or, with unique 0, a notification. */
struct Answer {
  std::uint64_t unique = 0;
  /** Of an answer: 0, or a positive errno. Of a notification: minus its number. */
  int error = 0;
  std::vector<std::uint8_t> body;

  /** The body's beginning as a structure of the protocol. */
  template <typename T>
  T as() const {
    EXPECT(body.size() >= sizeof(T));
    T value;
    std::memcpy(&value, body.data(), sizeof(T));
    return value;
  }

  /** The body from there on as text. */
  std::string text(std::size_t from = 0) const { return {body.begin() + from, body.end()}; }
};

/** The bytes of a name in a request: with its NUL. */
inline fuse::Bytes bytes_of_name(const std::string& name) {
  return {reinterpret_cast<const std::uint8_t*>(name.c_str()), name.size() + 1};
}

/**
 * What stands for the kernel: the other end of a session's device. It sends requests and holds the session to
 * its side of the protocol: one answer a request, of the length that its header says, none that nobody has
 * asked for. Safe for use from several threads.
 */
class FakeKernel {
 public:
  FakeKernel();
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  /** The session's end, once. */
  UniqueFd take_device() { return std::move(device_); }

  /** The longest answer that the socket lets through, header and all. */
  std::size_t longest_answer() const { return longest_; }

  /** Sends a request. @returns its unique */
  std::uint64_t send(fuse::Opcode opcode, fuse::NodeId node, std::initializer_list<fuse::Bytes> body = {});
  std::uint64_t send(std::uint32_t opcode, fuse::NodeId node, std::initializer_list<fuse::Bytes> body = {});

  /** Sends bytes as they are. An answer to `unique` is expected then, unless it is 0. */
  void send_raw(fuse::Bytes message, std::uint64_t unique = 0);

  /** Waits for the answer to a request. */
  Answer answer_to(std::uint64_t unique);

  /** Sends a request and waits for its answer. */
  Answer ask(fuse::Opcode opcode, fuse::NodeId node, std::initializer_list<fuse::Bytes> body = {}) {
    return answer_to(send(opcode, node, body));
  }
  Answer lookup(fuse::NodeId parent, const std::string& name) {
    return ask(fuse::Opcode::lookup, parent, {bytes_of_name(name)});
  }
  /** READ, READDIR or READDIRPLUS. */
  Answer read(fuse::NodeId node, std::uint64_t offset, std::uint32_t size,
              fuse::Opcode opcode = fuse::Opcode::read);

  bool has_answered(std::uint64_t unique);

  /** Requests that have no answer yet. */
  std::vector<std::uint64_t> unanswered();

  /** Waits until that many notifications have come, and takes all there are. */
  std::vector<Answer> take_notifications(std::size_t at_least);

  /** What the session did against the protocol, or nothing. */
  std::string complaint();

  /** Ends the connection. */
  void close();

 private:
  void receive();
  void take_in(const std::uint8_t* message, std::size_t length);
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, const char* what, Condition condition);

  UniqueFd device_;
  UniqueFd kernel_;
  std::size_t longest_ = 0;
  std::mutex mutex_;
  std::condition_variable received_;
  std::uint64_t last_unique_ = 0;
  std::set<std::uint64_t> unanswered_;
  /** Requests that may go without an answer: INTERRUPT. */
  std::set<std::uint64_t> optional_;
  std::map<std::uint64_t, Answer> answers_;
  std::vector<Answer> notifications_;
  std::string complaint_;
  std::thread thread_;
};

}  // namespace ikfs::test
