#pragma once

#include <unistd.h>

#include <utility>

namespace ikfs {

/** A file descriptor that is closed when its owner goes. */
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int descriptor) : descriptor_(descriptor) {}
  UniqueFd(UniqueFd&& other) noexcept : descriptor_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  /** The descriptor, or a negative number when there is none. */
  int get() const { return descriptor_; }

  /** Hands the descriptor to the caller. */
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

}  // namespace ikfs
