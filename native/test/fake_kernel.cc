#include "test/fake_kernel.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace ikfs::test {

using fuse::Bytes;
using fuse::InHeader;
using fuse::Opcode;
using fuse::OutHeader;

namespace {

/** Room for an answer of the largest read. A message on a SEQPACKET socket can not be larger than this. */
constexpr int socket_room = 2 * 1024 * 1024;

/** The socket keeps some of its room to itself (unix(7)). */
constexpr std::size_t socket_overhead = 64;

/** An answer that has not come by then never comes. Sanitizers on a busy machine are slow. */
constexpr std::chrono::seconds patience{60};

/** @returns the room that the socket has */
std::size_t make_room(int socket) {
  // Root may have more than net.core.wmem_max.
  if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &socket_room, sizeof(socket_room)) != 0) {
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &socket_room, sizeof(socket_room));
  }
  int room = 0;
  socklen_t size = sizeof(room);
  getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, &size);
  // The kernel tells, and counts with, twice of what was asked for (socket(7)).
  return static_cast<std::size_t>(room);
}

}  // namespace

FakeKernel::FakeKernel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) throw Unexpected("no socketpair");
  kernel_ = UniqueFd(ends[0]);
  device_ = UniqueFd(ends[1]);
  make_room(kernel_.get());
  longest_ = make_room(device_.get()) - socket_overhead;
  thread_ = std::thread([this] { receive(); });
}

FakeKernel::~FakeKernel() { close(); }

std::uint64_t FakeKernel::send(Opcode opcode, fuse::NodeId node, std::initializer_list<Bytes> body) {
  return send(static_cast<std::uint32_t>(opcode), node, body);
}

std::uint64_t FakeKernel::send(std::uint32_t opcode, fuse::NodeId node, std::initializer_list<Bytes> body) {
  InHeader header{};
  header.opcode = opcode;
  header.node = node;
  std::array<iovec, 4> parts{};
  parts[0] = {&header, sizeof(header)};
  std::size_t count = 1;
  std::size_t length = sizeof(header);
  for (const auto part : body) {
    parts[count++] = {const_cast<std::uint8_t*>(part.data()), part.size()};
    length += part.size();
  }
  header.length = static_cast<std::uint32_t>(length);
  {
    const std::lock_guard lock(mutex_);
    // As the kernel counts: requests are even, interrupts have the last bit set.
    header.unique = last_unique_ += 2;
    const bool unheard = opcode == static_cast<std::uint32_t>(Opcode::forget) ||
                         opcode == static_cast<std::uint32_t>(Opcode::batch_forget);
    if (opcode == static_cast<std::uint32_t>(Opcode::interrupt)) {
      optional_.insert(header.unique);
    } else if (!unheard) {
      unanswered_.insert(header.unique);
    }
  }
  // Of a session that is gone there is no answer either; whoever waits for it says so.
  (void)!writev(kernel_.get(), parts.data(), static_cast<int>(count));
  return header.unique;
}

void FakeKernel::send_raw(Bytes message, std::uint64_t unique) {
  if (unique != 0) {
    const std::lock_guard lock(mutex_);
    unanswered_.insert(unique);
  }
  (void)!write(kernel_.get(), message.data(), message.size());
}

Answer FakeKernel::answer_to(std::uint64_t unique) {
  std::unique_lock lock(mutex_);
  wait(lock, "an answer", [&] { return answers_.count(unique) != 0; });
  return std::move(answers_.extract(unique).mapped());
}

Answer FakeKernel::read(fuse::NodeId node, std::uint64_t offset, std::uint32_t size, Opcode opcode) {
  const fuse::ReadIn in{.handle = 0,
                        .offset = offset,
                        .size = size,
                        .read_flags = 0,
                        .lock_owner = 0,
                        .flags = 0,
                        .padding = 0};
  return ask(opcode, node, {bytes_of(in)});
}

bool FakeKernel::has_answered(std::uint64_t unique) {
  const std::lock_guard lock(mutex_);
  return answers_.count(unique) != 0;
}

std::vector<std::uint64_t> FakeKernel::unanswered() {
  const std::lock_guard lock(mutex_);
  return {unanswered_.begin(), unanswered_.end()};
}

std::vector<Answer> FakeKernel::take_notifications(std::size_t at_least) {
  std::unique_lock lock(mutex_);
  wait(lock, "a notification", [&] { return notifications_.size() >= at_least; });
  return std::exchange(notifications_, {});
}

std::string FakeKernel::complaint() {
  const std::lock_guard lock(mutex_);
  return complaint_;
}

void FakeKernel::close() {
  if (!thread_.joinable()) return;
  shutdown(kernel_.get(), SHUT_RDWR);
  thread_.join();
}

void FakeKernel::receive() {
  std::vector<std::uint8_t> room(longest_ + socket_overhead);
  for (;;) {
    const auto length = ::read(kernel_.get(), room.data(), room.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return;
    take_in(room.data(), static_cast<std::size_t>(length));
  }
}

void FakeKernel::take_in(const std::uint8_t* message, std::size_t length) {
  OutHeader header{};
  std::memcpy(&header, message, std::min(length, sizeof(header)));
  Answer answer{.unique = header.unique, .error = -header.error, .body = {}};
  const std::lock_guard lock(mutex_);
  const auto complain = [&](const char* what) {
    complaint_ += what + (" (unique " + std::to_string(header.unique)) + ", error " +
                  std::to_string(header.error) + ", " + std::to_string(length) + " bytes)\n";
  };
  if (length < sizeof(header) || header.length != length) return complain("an answer of a wrong length");
  if (header.error != 0 && header.unique != 0 && length != sizeof(header))
    return complain("bytes with an errno");
  answer.body.assign(message + sizeof(header), message + length);
  if (header.unique == 0) {
    if (header.error < 2 || header.error > 4) complain("an unknown notification");
    notifications_.push_back(std::move(answer));
  } else if (unanswered_.erase(header.unique) + optional_.erase(header.unique) == 0) {
    complain("an answer that nobody waits for");
  } else {
    if (header.error > 0 || header.error <= -512) complain("an errno out of range");
    answers_.emplace(header.unique, std::move(answer));
  }
  received_.notify_all();
}

template <typename Condition>
void FakeKernel::wait(std::unique_lock<std::mutex>& lock, const char* what, Condition condition) {
  if (received_.wait_for(lock, patience, condition)) return;
  throw Unexpected(std::string(what) + " did not come within " + std::to_string(patience.count()) +
                   " s; answers outstanding: " + std::to_string(unanswered_.size()));
}

}  // namespace ikfs::test
