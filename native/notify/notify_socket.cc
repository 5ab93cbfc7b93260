#include "notify/notify_socket.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace ikfs {

namespace {

/** The control message that carries descriptors (SCM_RIGHTS of unix(7)), as its bytes; empty for none. */
std::vector<std::byte> rights(std::span<const int> descriptors) {
  if (descriptors.empty()) return {};
  std::vector<std::byte> bytes(CMSG_SPACE(descriptors.size_bytes()));
  msghdr frame{};
  frame.msg_control = bytes.data();
  frame.msg_controllen = bytes.size();
  cmsghdr* header = CMSG_FIRSTHDR(&frame);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  return bytes;
}

}  // namespace

Result<NotifySocket> NotifySocket::open(std::string_view text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = text.starts_with('@');
  if (!is_abstract && !text.starts_with('/'))
    return Failure{FailureCode::usage, "NOTIFY_SOCKET is neither a path nor an abstract name"};
  // A path has a NUL behind it in there, an abstract name one in front, which stands in the place of the `@`.
  if (text.size() < 2 || text.size() >= sizeof(address.sun_path))
    return Failure{FailureCode::usage, "NOTIFY_SOCKET is too long or too short for a socket's address"};
  std::memcpy(address.sun_path, text.data(), text.size());
  if (is_abstract) address.sun_path[0] = '\0';
  const auto length = offsetof(sockaddr_un, sun_path) + text.size() + (is_abstract ? 0 : 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return system_failure("opening a socket", errno);
  return NotifySocket(std::move(socket), address, static_cast<socklen_t>(length));
}

Result<Notified> NotifySocket::send(std::string_view message, std::span<const int> descriptors) const {
  if (descriptors.size() > most_descriptors) return Failure{FailureCode::usage, "too many descriptors"};
  iovec text{const_cast<char*>(message.data()), message.size()};
  auto control = rights(descriptors);
  auto address = address_;
  msghdr header{};
  // Named each time, not connected to: a service manager that was started anew listens at the same place.
  header.msg_name = &address;
  header.msg_namelen = length_;
  header.msg_iov = &text;
  header.msg_iovlen = 1;
  header.msg_control = control.empty() ? nullptr : control.data();
  header.msg_controllen = control.size();
  for (;;) {
    if (sendmsg(socket_.get(), &header, MSG_NOSIGNAL) >= 0) return Notified::sent;
    if (errno == EAGAIN || errno == ENOBUFS) return Notified::full;
    if (errno != EINTR) return system_failure("telling the service manager", errno);
  }
}

}  // namespace ikfs
