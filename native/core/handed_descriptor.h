#pragma once

#include <sys/types.h>

#include <span>

#include "core/unique_fd.h"

namespace ikfs {

/**
 * Takes one message from a socket, and the descriptor that it hands over (SCM_RIGHTS, unix(7)).
 * @param handed becomes that descriptor, close-on-exec; stays as it is when there is none
 * @returns as recvmsg(2)
 */
ssize_t receive_with_descriptor(int socket, std::span<char> into, UniqueFd& handed);

}  // namespace ikfs
