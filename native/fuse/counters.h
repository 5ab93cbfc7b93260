#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "fuse/protocol.h"

namespace ikfs::fuse {

/** Requests received, by opcode; opcodes that the protocol has gained since are counted under 0. */
class Counters {
 public:
  void count(std::uint32_t opcode) {
    counts_[opcode < opcode_count ? opcode : 0].fetch_add(1, std::memory_order_relaxed);
  }

  std::uint64_t of(std::uint32_t opcode) const { return counts_[opcode].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, opcode_count> counts_{};
};

/** The protocol's name of an opcode in capitals, or null for numbers that have none. */
const char* opcode_name(std::uint32_t opcode);

}  // namespace ikfs::fuse
