#pragma once

#include <memory_resource>

namespace ikfs {

/**
 * Memory for small things that come one at a time, among others that soon go, and stay: as names of
 * directories and the places of modules' files do. Elsewhere each would keep a page of its own from going
 * back to the kernel. It takes what is given back again, and is there for as long as the process is. Safe for
 * use from several threads.
 */
std::pmr::memory_resource* lasting_memory();

}  // namespace ikfs
