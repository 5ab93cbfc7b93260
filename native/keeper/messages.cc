#include "keeper/messages.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/handed_descriptor.h"

namespace ikfs::keeper {

namespace {

/** The first byte of an answer. Of a failure its code follows, then its message. */
enum class Outcome : char { done = 'o', not_mounted = 'n', failed = 'f' };

/** No message is longer, in bytes. */
constexpr std::size_t longest = 4096;

bool send_all(int socket, const std::string& text, int descriptor) {
  iovec data{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  for (;;) {
    if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

/** Waits for a message. @returns empty at the end */
std::string receive_all(int socket, UniqueFd& handed) {
  std::string text(longest, '\0');
  ssize_t length = 0;
  do {
    length = receive_with_descriptor(socket, text, handed);
  } while (length < 0 && errno == EINTR);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

}  // namespace

bool send_request(int socket, Request request) { return send_all(socket, {static_cast<char>(request)}, -1); }

std::optional<Request> receive_request(int socket) {
  // What comes with it is closed: a request brings nothing.
  UniqueFd handed;
  const auto text = receive_all(socket, handed);
  if (text.size() != 1) return std::nullopt;
  for (const auto request : {Request::mount, Request::unmount, Request::detach}) {
    if (text.front() == static_cast<char>(request)) return request;
  }
  return std::nullopt;
}

bool send_answer(int socket, const Answer& answer) {
  if (!answer.failure) {
    const auto outcome = answer.was_not_mounted ? Outcome::not_mounted : Outcome::done;
    return send_all(socket, {static_cast<char>(outcome)}, answer.device.get());
  }
  const auto& [code, said, offset] = *answer.failure;
  const std::string text{static_cast<char>(Outcome::failed), static_cast<char>(code)};
  return send_all(socket, text + said.substr(0, longest - text.size()), -1);
}

Result<Answer> receive_answer(int socket) {
  Answer answer;
  const auto text = receive_all(socket, answer.device);
  if (text.empty()) return Failure{FailureCode::unavailable, "the process that mounts has ended"};
  switch (static_cast<Outcome>(text.front())) {
    case Outcome::done:
      return answer;
    case Outcome::not_mounted:
      answer.was_not_mounted = true;
      return answer;
    case Outcome::failed:
      if (text.size() < 2 || text[1] < 0 || text[1] > static_cast<char>(FailureCode::mismatch)) break;
      answer.failure = Failure{static_cast<FailureCode>(text[1]), text.substr(2)};
      return answer;
  }
  return Failure{FailureCode::corrupt, "the process that mounts does not answer as it should"};
}

}  // namespace ikfs::keeper
