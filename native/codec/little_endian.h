#pragma once

#include <cstddef>
#include <cstdint>

#include "core/input.h"

namespace ikfs {

/** The number that `bytes`, up to eight, are when the first is the lowest. */
constexpr std::uint64_t little_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

}  // namespace ikfs
