#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/failure.h"

namespace ikfs {

using Bytes = std::span<const std::uint8_t>;

/** Bytes read in order, chunk by chunk. */
class Input {
 public:
  virtual ~Input() = default;

  /** The next chunk, valid until the next call; empty at the end. */
  virtual Result<Bytes> next() = 0;
};

/** Bytes in memory, which stay the caller's. */
class MemoryInput final : public Input {
 public:
  explicit MemoryInput(Bytes bytes) : rest_(bytes) {}
  Result<Bytes> next() override;

 private:
  Bytes rest_;
};

/**
 * A range of an open file, read with pread(2): the file's position is left alone, and a file that shrinks
 * meanwhile is an error where a mapping would raise SIGBUS.
 */
class FileInput final : public Input {
 public:
  /** @param descriptor stays the caller's */
  FileInput(int descriptor, std::uint64_t offset, std::uint64_t length);

  /** Fails with `truncated` when the file ends before the range does. */
  Result<Bytes> next() override;

 private:
  int descriptor_;
  std::uint64_t offset_;
  std::uint64_t remaining_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace ikfs
