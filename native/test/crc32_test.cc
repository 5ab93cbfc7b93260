/** The sums that sealed blobs are checked by. */
#include "core/crc32.h"

#include <lzma.h>

#include <string>
#include <vector>

#include "test/runner.h"

namespace ikfs::test {

namespace {

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/** Bytes without a pattern that a wrong table could go along with. */
std::vector<std::uint8_t> mixed_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1'664'525 + 1'013'904'223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

}  // namespace

TEST("a CRC-32 is the published one of texts that others have summed up") {
  EXPECT_EQUAL(crc32({}), 0U);
  EXPECT_EQUAL(crc32(bytes_of("a")), 0xe8b7be43U);
  EXPECT_EQUAL(crc32(bytes_of("abc")), 0x352441c2U);
  // The check value that catalogues of CRCs give.
  EXPECT_EQUAL(crc32(bytes_of("123456789")), 0xcbf43926U);
  EXPECT_EQUAL(crc32(bytes_of("The quick brown fox jumps over the lazy dog")), 0x414fa339U);
  EXPECT_EQUAL(crc32(bytes_of(std::string(32, '\0'))), 0x190a55adU);
  EXPECT_EQUAL(crc32(bytes_of(std::string(32, '\xff'))), 0xff6cab0bU);
}

TEST("a CRC-32 is that of liblzma, whatever the length and wherever the bytes lie") {
  const auto bytes = mixed_bytes(200);
  for (std::size_t start = 0; start < 17; ++start) {
    for (std::size_t length = 0; length <= bytes.size() - start; ++length) {
      const auto* first = bytes.data() + start;
      EXPECT_EQUAL(crc32({first, length}), lzma_crc32(first, length, 0));
    }
  }
  const auto many = mixed_bytes(1'000'003);
  EXPECT_EQUAL(crc32(many), lzma_crc32(many.data(), many.size(), 0));
}

TEST("a CRC-32 in pieces is that of the whole, wherever it is cut") {
  const auto bytes = mixed_bytes(100);
  const Bytes all(bytes);
  const auto whole = lzma_crc32(all.data(), all.size(), 0);
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); second += 7) {
      const auto begun = crc32(all.first(first));
      const auto longer = crc32(all.subspan(first, second - first), begun);
      EXPECT_EQUAL(crc32(all.subspan(second), longer), whole);
    }
  }
  std::uint32_t sum = 0;
  for (const auto& byte : bytes) sum = crc32({&byte, 1}, sum);
  EXPECT_EQUAL(sum, whole);
}

}  // namespace ikfs::test
