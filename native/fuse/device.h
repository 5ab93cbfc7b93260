#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "core/unique_fd.h"
#include "fuse/protocol.h"

namespace ikfs::fuse {

using Bytes = std::span<const std::uint8_t>;

/** The bytes of a structure of the protocol. */
template <typename T>
Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)};
}

/**
 * One end of the connection to the kernel: /dev/fuse, or a socket that stands for it in tests. Each read
 * gives a whole request and each write takes a whole answer, so threads may share it.
 */
class Device {
 public:
  explicit Device(UniqueFd file) : file_(std::move(file)) {}

  int descriptor() const { return file_.get(); }

  /**
   * Waits for a request.
   * @returns its length in bytes, or a negative errno: -ENODEV and -ECONNABORTED mean that the mount is gone
   */
  std::int64_t receive(std::span<std::uint8_t> into) const;

  /** Answers a request, in parts that are sent as one. A request that nobody waits for any more is no error.
   */
  void answer(std::uint64_t unique, std::initializer_list<Bytes> parts) const;

  /** Answers with an errno. @param error positive */
  void refuse(std::uint64_t unique, int error) const;

  /** Tells the kernel something unasked. @returns 0, or a negative errno: -ENOENT when it knows no such node
   */
  int notify(Notification what, std::initializer_list<Bytes> parts) const;

 private:
  int send(const OutHeader& header, std::initializer_list<Bytes> parts) const;

  UniqueFd file_;
};

}  // namespace ikfs::fuse
