#pragma once

#include <cstdint>

#include "fuse/protocol.h"

namespace ikfs::fuse {

/** What was agreed on with the kernel at INIT. */
struct Agreement {
  std::uint32_t minor = 0;
  /** Whether OPEN and OPENDIR may be answered ENOSYS, after which the kernel no longer asks. */
  bool no_open = false;
  bool no_opendir = false;
};

/** The answer to INIT. */
struct InitAnswer {
  InitOut out{};
  /** How many bytes of it to send. */
  std::size_t size = 0;
  /** Whether the kernel will send another INIT, because its major version is newer. */
  bool again = false;
  /** Positive errno when no protocol is had in common. */
  int error = 0;
  Agreement agreement;
};

/** Works out the answer to what the kernel offers, taking all that an unchanging tree can use. */
InitAnswer negotiate(const InitIn& offer);

}  // namespace ikfs::fuse
