#pragma once

#include <cstdint>
#include <vector>

#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

/** Where decoded bytes go, in order. */
class Output {
 public:
  virtual ~Output() = default;
  virtual Status write(Bytes bytes) = 0;
};

/** Collects bytes in memory. */
class MemoryOutput final : public Output {
 public:
  Status write(Bytes bytes) override;
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/** Writes an open file from its offset 0 with pwrite(2). */
class FileOutput final : public Output {
 public:
  /** @param descriptor stays the caller's */
  explicit FileOutput(int descriptor) : descriptor_(descriptor) {}
  Status write(Bytes bytes) override;

 private:
  int descriptor_;
  std::uint64_t written_ = 0;
};

}  // namespace ikfs
