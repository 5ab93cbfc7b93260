#include "notify/notify_socket.h"

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace ikfs {

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

Result<Notified> NotifySocket::send(std::string_view message) const {
  // Named each time, not connected to: a service manager that was started anew listens at the same place.
  const auto* address = reinterpret_cast<const sockaddr*>(&address_);
  for (;;) {
    if (sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL, address, length_) >= 0)
      return Notified::sent;
    if (errno == EAGAIN || errno == ENOBUFS) return Notified::full;
    if (errno != EINTR) return system_failure("telling the service manager", errno);
  }
}

}  // namespace ikfs
