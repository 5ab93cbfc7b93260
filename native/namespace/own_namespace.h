#pragma once

#include "core/failure.h"

namespace ikfs::exec {

/**
 * Moves this process into a mount namespace of its own (mount_namespaces(7)), from which nothing that is
 * mounted or unmounted reaches any other, and which nothing reaches. Where it may not do so as it is, it
 * enters a user namespace as well (user_namespaces(7)), in which it has the same user and group, and may
 * mount; what it runs afterwards has no more rights there than it had before.
 *
 * The process must have one thread. Fails with `unavailable`, saying what to change, where this system does
 * not allow it.
 */
Status enter_own_namespace();

}  // namespace ikfs::exec
