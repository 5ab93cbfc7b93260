#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "core/failure.h"
#include "core/unique_fd.h"

namespace ikfs {

/** What became of a message: `full` when the receiver has not taken in earlier ones, so that it may be sent
 * later. */
enum class Notified { sent, full };

/**
 * The way to a service manager: a datagram socket on which it takes messages (sd_notify(3)). It is opened
 * once and kept, so that later nothing but sendto(2) is needed. No call waits.
 */
class NotifySocket {
 public:
  /**
   * @param address as NOTIFY_SOCKET has it: an absolute path, or `@` and a name of the abstract namespace
   *   (unix(7)). Fails with `usage` for other addresses, else as the socket does.
   */
  static Result<NotifySocket> open(std::string_view address);

  /** Sends a message. @param message lines of NAME=VALUE */
  Result<Notified> send(std::string_view message) const;

 private:
  NotifySocket(UniqueFd socket, sockaddr_un address, socklen_t length)
      : socket_(std::move(socket)), address_(address), length_(length) {}

  UniqueFd socket_;
  sockaddr_un address_;
  socklen_t length_;
};

}  // namespace ikfs
