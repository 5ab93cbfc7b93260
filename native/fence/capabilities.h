#pragma once

#include "core/failure.h"

namespace ikfs::fence {

/**
 * Gives up every capability (capabilities(7)) but CAP_DAC_READ_SEARCH, to read images that are root's alone,
 * and CAP_SYS_NICE, to answer requests before others compute; for this thread and, where it may, for whatever
 * it runs later. A process that has none keeps none.
 *
 * Fails with `io` when the kernel refuses.
 */
Status drop_capabilities();

}  // namespace ikfs::fence
