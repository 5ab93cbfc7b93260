#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

/** Decodes the blocks of one LZ4 stream, one after the other (LZ4's doc/lz4_Block_format.md). */
class Lz4Blocks {
 public:
  /**
   * @param most the most bytes that one block expands to
   * @param linked whether matches may refer to what came out of the blocks before, up to 64 KiB
   */
  Lz4Blocks(std::size_t most, bool linked);

  /**
   * Decodes a block. What is `corrupt` is so in src/codec/lz4-block.ts as well.
   * @returns what came out, until the next call
   */
  Result<Bytes> decode(Bytes block);

  /** Takes a block that was stored as it is; at most `most` bytes. @returns its bytes, until the next call */
  Bytes store(Bytes block);

 private:
  /** Where a block's bytes go: behind what matches may refer to. */
  std::uint8_t* output() const;
  /** Moves the end of what has come out to the front of output(), if it may be referred to. */
  void keep_history();

  std::size_t most_;
  bool linked_;
  std::unique_ptr<std::uint8_t[]> memory_;
  /** Bytes in front of output() that have come out. */
  std::size_t history_ = 0;
  /** Bytes of the last block at output(). */
  std::size_t produced_ = 0;
};

}  // namespace ikfs
