#include "core/crc32.h"

#include <array>
#include <cstddef>

namespace ikfs {

namespace {

/** Bytes that are taken in at once; each has a table for its place among them. */
constexpr std::size_t stride = 16;

/** The polynomial, lowest power first (RFC 1952). */
constexpr std::uint32_t polynomial = 0xedb88320;

using Tables = std::array<std::array<std::uint32_t, 256>, stride>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? polynomial : 0);
    tables[0][byte] = rest;
  }
  for (std::size_t place = 1; place < stride; ++place) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      const auto before = tables[place - 1][byte];
      tables[place][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t before) {
  std::uint32_t sum = ~before;
  std::size_t at = 0;
  for (; bytes.size() - at >= stride; at += stride) {
    const auto* next = bytes.data() + at;
    std::uint32_t mixed = 0;
    // Byte by byte, so the order of bytes in a word does not matter; compilers unroll it.
    for (std::size_t i = 0; i < stride; ++i) {
      const std::uint32_t earlier = i < 4 ? (sum >> (8 * i)) & 0xff : 0;
      mixed ^= tables[stride - 1 - i][next[i] ^ earlier];
    }
    sum = mixed;
  }
  for (; at < bytes.size(); ++at) sum = (sum >> 8) ^ tables[0][(sum ^ bytes[at]) & 0xff];
  return ~sum;
}

}  // namespace ikfs
