#pragma once

#include <cstddef>

namespace ikfs {

/**
 * Memory for a library that takes a decoder's window in one piece: on huge pages where the kernel has them. A
 * window of tens of megabytes is otherwise filled and looked up a page of 4 KiB at a time, which took a third
 * of the time that libzstd needs for a kernel.
 * @returns nullptr when there is none
 */
void* allocate_large(std::size_t size);

/** Gives back what allocate_large() gave; nullptr is let pass. */
void release_large(void* memory);

}  // namespace ikfs
