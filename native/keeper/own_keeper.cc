#include "keeper/own_keeper.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>

namespace ikfs::keeper {

namespace {

bool is_messenger(int descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

/** Takes over the descriptor that the environment names, so that no program run from here has it. */
std::unique_ptr<Client> find() {
  const char* value = std::getenv("IKFS_KEEPER");
  if (value == nullptr) return nullptr;
  const std::string_view number(value);
  int descriptor = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), descriptor);
  if (error != std::errc() || end != number.data() + number.size() || !is_messenger(descriptor))
    return nullptr;
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return nullptr;
  return std::make_unique<Client>(UniqueFd(descriptor));
}

}  // namespace

Client* own_keeper() {
  static const auto keeper = find();
  return keeper.get();
}

}  // namespace ikfs::keeper
