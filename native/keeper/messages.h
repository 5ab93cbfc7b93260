#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/failure.h"
#include "core/unique_fd.h"

/**
 * What a fenced daemon and its keeper say to each other: one message a request and one an answer, on a
 * SOCK_SEQPACKET pair, which keeps messages apart. A request is one byte, so there is nothing to take apart.
 */
namespace ikfs::keeper {

enum class Request : char {
  /** Mount. Answered with a descriptor. */
  mount = 'm',
  /** Take the mount away. */
  unmount = 'u',
  /** The same, out of sight at once where it is busy. */
  detach = 'd',
};

struct Answer {
  /** Why the request failed; nothing when it did not. */
  std::optional<Failure> failure = {};
  /** Of unmounting: there was nothing to unmount. */
  bool was_not_mounted = false;
  /** Of mounting: the connection to the kernel. */
  UniqueFd device = {};
};

/** Sends a request. @returns false when nobody is there any more */
bool send_request(int socket, Request request);
/** Waits for a request. @returns nothing at the end, and for what is no request */
std::optional<Request> receive_request(int socket);

/** Sends an answer. @returns false when nobody is there any more */
bool send_answer(int socket, const Answer& answer);
/** Waits for an answer. Fails with `unavailable` when the keeper is gone, `corrupt` for what is no answer. */
Result<Answer> receive_answer(int socket);

}  // namespace ikfs::keeper
