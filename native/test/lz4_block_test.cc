/** Blocks of LZ4, against an expansion byte by byte. */
#include "codec/lz4_block.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "test/runner.h"

namespace ikfs::test {

namespace {

using Vector = std::vector<std::uint8_t>;

/** One sequence: literals, and a match behind them unless its length is 0. */
struct Sequence {
  std::size_t literals;
  std::size_t offset = 0;
  std::size_t match = 0;
};

/** What a block's sequences are encoded as, and what they expand to. */
struct Sample {
  Vector block;
  Vector expanded;
};

void put_length(Vector& block, std::size_t length) {
  if (length < 15) return;
  for (length -= 15; length >= 255; length -= 255) block.push_back(255);
  block.push_back(static_cast<std::uint8_t>(length));
}

/** Encodes sequences, and expands them as the format's description reads. @param before what matches may
 * refer to */
Sample sample_of(const std::vector<Sequence>& sequences, const Vector& before = {}) {
  Sample sample;
  Vector all = before;
  std::uint32_t state = 7;
  for (const auto& [literals, offset, match] : sequences) {
    const std::size_t code = match == 0 ? 0 : match - 4;
    sample.block.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(literals, 15) << 4 |
                                                     std::min<std::size_t>(code, 15)));
    put_length(sample.block, literals);
    for (std::size_t i = 0; i < literals; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      sample.block.push_back(static_cast<std::uint8_t>(state >> 24));
      all.push_back(sample.block.back());
    }
    if (match == 0) continue;
    sample.block.push_back(static_cast<std::uint8_t>(offset));
    sample.block.push_back(static_cast<std::uint8_t>(offset >> 8));
    put_length(sample.block, code);
    for (std::size_t i = 0; i < match; ++i) all.push_back(all[all.size() - offset]);
  }
  sample.expanded.assign(all.begin() + static_cast<std::ptrdiff_t>(before.size()), all.end());
  return sample;
}

/** What comes out of a block. @returns whether it was accepted; `expanded` has what came out until then */
bool expand(Lz4Blocks& blocks, const Vector& block, Vector& expanded) {
  // Just that size, so that a sanitizer finds what is read beyond.
  const auto copy = std::make_unique<std::uint8_t[]>(block.size());
  std::copy(block.begin(), block.end(), copy.get());
  for (;;) {
    const auto decoded = blocks.decode(Bytes(copy.get(), block.size()));
    if (std::holds_alternative<Failure>(decoded)) return false;
    const auto& piece = std::get<Lz4Blocks::Piece>(decoded);
    expanded.insert(expanded.end(), piece.bytes.begin(), piece.bytes.end());
    if (piece.last) return true;
  }
}

/** Expects a block of its own to expand as it should, and not into less room. */
void expect_expanded(const Sample& sample) {
  Lz4Blocks blocks(sample.expanded.size(), false);
  Vector expanded;
  EXPECT(expand(blocks, sample.block, expanded));
  EXPECT(expanded == sample.expanded);
  if (sample.expanded.empty()) return;
  Lz4Blocks crowded(sample.expanded.size() - 1, false);
  expanded.clear();
  EXPECT(!expand(crowded, sample.block, expanded));
}

}  // namespace

TEST("an LZ4 block expands whatever the lengths, and however near a match is to what it repeats") {
  for (std::size_t literals : {1, 2, 13, 14, 15, 16, 17, 33, 269, 270, 271, 1000}) {
    for (std::size_t match : {4, 5, 17, 18, 19, 20, 31, 32, 33, 273, 274, 275, 1000}) {
      for (std::size_t offset = 1; offset <= std::min<std::size_t>(literals, 40); ++offset) {
        // With and without so much behind it that lengths need not be looked at one by one.
        expect_expanded(sample_of({{literals, offset, match}, {12}}));
        expect_expanded(sample_of({{literals, offset, match}, {3, 1, 4}, {200}}));
        expect_expanded(sample_of({{literals, offset, match}, {0, offset, match}, {0, offset, 4}, {12}}));
      }
    }
  }
}

TEST("an LZ4 block of megabytes comes in pieces, with matches and literals across them") {
  std::vector<Sequence> sequences{{70'000, 65'535, 100'000}, {300'000, 1, 700'000}};
  for (std::size_t i = 0; i < 60'000; ++i) sequences.push_back({i % 19, 1 + i * 7 % 65'535, 4 + i % 60});
  sequences.push_back({600'000});
  expect_expanded(sample_of(sequences));
}

TEST("an LZ4 block refers to earlier ones where they are linked, and else to nothing before it") {
  const auto first = sample_of({{100'000, 65'535, 250'000}, {12}});
  const auto second = sample_of({{0, 65'535, 100}, {20, 300, 50}, {12}}, first.expanded);
  for (const bool linked : {true, false}) {
    Lz4Blocks blocks(1 << 20, linked);
    Vector expanded;
    EXPECT(expand(blocks, first.block, expanded));
    expanded.clear();
    EXPECT_EQUAL(expand(blocks, second.block, expanded), linked);
    if (linked) EXPECT(expanded == second.expanded);
  }
}

TEST("an LZ4 block refers to earlier ones that were stored as they are") {
  for (const std::size_t size : {10, 65'535, 65'536, 200'000}) {
    const auto stored = sample_of({{size}}).expanded;
    const auto block = sample_of({{0, std::min<std::size_t>(size, 65'535), 100}, {12}}, stored);
    Lz4Blocks blocks(1 << 20, true);
    for (int round = 0; round < 5; ++round) {
      blocks.store(stored);
      Vector expanded;
      EXPECT(expand(blocks, block.block, expanded));
      EXPECT(expanded == block.expanded);
    }
  }
}

TEST("an LZ4 block that is cut off, or refers to before its beginning, is refused") {
  const auto sample = sample_of({{20, 7, 300}, {400, 16, 19}, {30}});
  for (std::size_t size = 0; size < sample.block.size(); ++size) {
    Lz4Blocks blocks(1 << 20, false);
    Vector expanded;
    const auto end = sample.block.begin() + static_cast<std::ptrdiff_t>(size);
    // Literals may be the last of a block: the 20, and the 400.
    const bool ends_with_literals = size == 22 || size == 429;
    EXPECT_EQUAL(expand(blocks, {sample.block.begin(), end}, expanded), ends_with_literals);
  }
  for (const std::size_t offset : {0, 21, 1000, 65'535}) {
    auto wrong = sample_of({{20, 7, 10}, {100}}).block;
    // Behind the token, the byte that continues it, and the literals.
    wrong[22] = static_cast<std::uint8_t>(offset);
    wrong[23] = static_cast<std::uint8_t>(offset >> 8);
    Lz4Blocks blocks(1 << 20, false);
    Vector expanded;
    EXPECT(!expand(blocks, wrong, expanded));
  }
}

TEST("an LZ4 block ends with five literals, and its last match begins twelve bytes before") {
  for (std::size_t match = 4; match < 12; ++match) {
    for (std::size_t literals = 0; literals < 14; ++literals) {
      Lz4Blocks blocks(1 << 20, false);
      Vector expanded;
      const auto sample = sample_of({{8, 3, match}, {literals}});
      EXPECT_EQUAL(expand(blocks, sample.block, expanded), literals >= 5 && match + literals >= 12);
    }
  }
}

}  // namespace ikfs::test
