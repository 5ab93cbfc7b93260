#pragma once

#include "core/failure.h"

namespace ikfs::fence {

/**
 * Has the kernel refuse system calls that neither Node nor ikfs needs and that change the system, look into
 * other processes or open the network, with a filter (seccomp(2)): they fail with EPERM. Calls of another
 * machine's numbering, such as 32-bit ones of a 64-bit process, end the process. Asks for no_new_privs.
 *
 * @returns false where this kernel has no filters, or the machine is not one whose numbering is known here
 *
 * Fails with `io` when the kernel has them and refuses.
 */
Result<bool> refuse_calls();

}  // namespace ikfs::fence
