#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

/**
 * Decodes the blocks of one LZ4 stream, one after the other (LZ4's doc/lz4_Block_format.md), in pieces that
 * stay in the cache while they are handed on: a block expands to megabytes, and matches reach back 64 KiB.
 */
class Lz4Blocks {
 public:
  /**
   * @param most the most bytes that one block expands to
   * @param linked whether matches may refer to what came out of the blocks before, up to 64 KiB
   */
  Lz4Blocks(std::size_t most, bool linked);

  struct Piece {
    /** What came out, until the next call. */
    Bytes bytes;
    /** Whether that was the end of the block; if not, decode() is to be called again with the same block. */
    bool last;
  };

  /** Decodes a block, or goes on with it. What is `corrupt` is so in src/codec/lz4-block.ts as well. */
  Result<Piece> decode(Bytes block);

  /** Whether a block has been begun and not ended. */
  bool is_underway() const { return at_ > 0; }

  /** Takes note of a block that was stored as it is, as matches may refer to it. */
  void store(Bytes block);

 private:
  enum class Next { sequence, literals, match };

  void begin();
  /** Makes room behind what matches may refer to. */
  void slide();

  std::size_t most_;
  bool linked_;
  std::unique_ptr<std::uint8_t[]> window_;
  /** Where in the window the next byte goes, and how many in front of it matches may refer to. */
  std::size_t filled_;
  std::size_t history_ = 0;

  /* Of the block that is under way. */
  std::size_t at_ = 0;
  std::size_t produced_ = 0;
  /** Where the last match began, in bytes that the block has expanded to. */
  std::optional<std::size_t> last_match_;
  /** What comes next, and what of it is left. */
  Next next_ = Next::sequence;
  /** Length of the last literals that were not taken in one go, as those at the end of a block never are. */
  std::size_t run_ = 0;
  std::size_t literals_ = 0;
  std::size_t match_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace ikfs
