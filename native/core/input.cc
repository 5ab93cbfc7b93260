#include "core/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ikfs {

namespace {

/** Large enough to make system calls rare, small enough to stay in the cache while it is decoded. */
constexpr std::size_t kChunk = 256 * 1024;

}  // namespace

Result<Bytes> MemoryInput::next() { return std::exchange(rest_, Bytes{}); }

FileInput::FileInput(int descriptor, std::uint64_t offset, std::uint64_t length)
    : descriptor_(descriptor),
      offset_(offset),
      remaining_(length),
      buffer_(std::min<std::uint64_t>(kChunk, length)) {
  // Only a hint: the kernel then reads ahead while the first chunk is being decoded.
  (void)posix_fadvise(descriptor, static_cast<off_t>(offset), static_cast<off_t>(length),
                      POSIX_FADV_WILLNEED);
}

Result<Bytes> FileInput::next() {
  const std::size_t wanted = std::min<std::uint64_t>(buffer_.size(), remaining_);
  if (wanted == 0) return Bytes{};
  ssize_t count;
  do {
    count = pread(descriptor_, buffer_.data(), wanted, static_cast<off_t>(offset_));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return system_failure("reading the input", errno);
  if (count == 0) return Failure{FailureCode::truncated, "the file ends before the range to be read"};
  offset_ += static_cast<std::uint64_t>(count);
  remaining_ -= static_cast<std::uint64_t>(count);
  return Bytes(buffer_.data(), static_cast<std::size_t>(count));
}

}  // namespace ikfs
