#pragma once

#include <string>
#include <vector>

#include "core/failure.h"

namespace ikfs::fence {

/** Files that a fenced process may reach, as absolute paths; a directory stands for all below it. */
struct Rules {
  /** To read, list and run. */
  std::vector<std::string> readable;
  /** To list only. */
  std::vector<std::string> listable;
  /** To read, write, make and remove. */
  std::vector<std::string> writable;
};

/** What holds from now on. */
struct Report {
  /** Capabilities but those that reading needs are gone; true as well when there were none. */
  bool capabilities = false;
  /** Programs that are run gain nothing. */
  bool no_new_privileges = false;
  /** The version of Landlock's interface; 0 where this kernel has none. */
  int landlock = 0;
  /** System calls that change the system are refused. */
  bool calls = false;
};

/**
 * Fences the calling thread, and all that it starts or becomes from now on, for good: it keeps no capability
 * but CAP_DAC_READ_SEARCH and CAP_SYS_NICE, gains none, reaches no file but those of the rules, no network,
 * no process outside of the fence, and is refused system calls that neither Node nor ikfs needs. Files that
 * are open stay usable. To be called while the process has one thread.
 *
 * What this kernel does not know is left out, and the report says so.
 *
 * Fails with `io` when the kernel knows a part and refuses it all the same.
 */
Result<Report> enter(const Rules& rules);

/** The report as one word without blanks, such as `capabilities,no-new-privileges,landlock=7,seccomp`. */
std::string describe(const Report& report);

}  // namespace ikfs::fence
