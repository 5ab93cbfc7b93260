#include "codec/large_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace ikfs {

namespace {

/** A huge page of most machines; on others the advice is as good for what it covers. */
constexpr std::size_t kHugePage = 2 * 1024 * 1024;

}  // namespace

void* allocate_large(std::size_t size) {
  if (size < kHugePage || size > SIZE_MAX - kHugePage) return std::malloc(size);
  const std::size_t whole = (size + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, whole);
  // Only advice: without it the memory is the same, and slower.
  if (memory != nullptr) (void)madvise(memory, whole, MADV_HUGEPAGE);
  return memory;
}

void release_large(void* memory) { std::free(memory); }

}  // namespace ikfs
