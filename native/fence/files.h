#pragma once

#include "core/failure.h"
#include "fence/fence.h"

namespace ikfs::fence {

/**
 * Lets this thread and what comes of it reach no other files than those of the rules, with Landlock
 * (landlock(7), Linux 5.13): nor open them, nor make, rename or remove any. Paths that do not exist are
 * passed over. Where the kernel knows them, TCP is shut as well, and so are signals to processes outside.
 * Asks for no_new_privs.
 *
 * @returns the version of Landlock's interface; 0 where this kernel has none, or it is off
 *
 * Fails with `io` when the kernel has it and refuses.
 */
Result<int> restrict_files(const Rules& rules);

}  // namespace ikfs::fence
