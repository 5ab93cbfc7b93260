#pragma once

#include <cstdint>

namespace ikfs::btf {

/** A word of the other byte order. */
constexpr std::uint32_t swapped(std::uint32_t word) {
  return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

}  // namespace ikfs::btf
