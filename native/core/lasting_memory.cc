#include "core/lasting_memory.h"

namespace ikfs {

std::pmr::memory_resource* lasting_memory() {
  // Large enough together to be mappings of their own; what is larger than a block comes from the heap.
  static auto* const memory = new std::pmr::synchronized_pool_resource(
      {.max_blocks_per_chunk = 2048, .largest_required_pool_block = 512});
  return memory;
}

}  // namespace ikfs
