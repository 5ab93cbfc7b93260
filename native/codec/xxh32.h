#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/input.h"

namespace ikfs {

/** XXH32 with seed 0 (xxHash's doc/xxhash_spec.md), LZ4's checksum, of bytes that come in pieces. */
class Xxh32 {
 public:
  Xxh32();
  void update(Bytes bytes);
  /** The hash of everything so far. */
  std::uint32_t digest() const;

 private:
  static constexpr std::size_t kStripe = 16;

  /** Takes a whole number of stripes into the lanes. */
  void consume(Bytes stripes);

  std::array<std::uint32_t, 4> lanes_;
  /** Bytes that do not fill a stripe yet. */
  std::array<std::uint8_t, kStripe> rest_;
  std::size_t rest_size_ = 0;
  std::uint64_t total_ = 0;
};

/** The XXH32 of bytes that are all there. */
std::uint32_t xxh32(Bytes bytes);

}  // namespace ikfs
