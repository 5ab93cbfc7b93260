#include "fuse/device.h"

#include <array>
#include <cerrno>

namespace ikfs::fuse {

namespace {

/** An answer has at most a header and three parts. */
constexpr std::size_t most_parts = 4;

std::uint32_t length_of(std::initializer_list<Bytes> parts) {
  std::size_t length = sizeof(OutHeader);
  for (const auto& part : parts) length += part.size();
  return static_cast<std::uint32_t>(length);
}

}  // namespace

std::int64_t Device::receive(std::span<std::uint8_t> into) const {
  const auto count = read(file_.get(), into.data(), into.size());
  return count < 0 ? -errno : count;
}

void Device::answer(std::uint64_t unique, std::initializer_list<Bytes> parts) const {
  send({.length = length_of(parts), .error = 0, .unique = unique}, parts);
}

void Device::refuse(std::uint64_t unique, int error) const {
  send({.length = sizeof(OutHeader), .error = -error, .unique = unique}, {});
}

int Device::notify(Notification what, std::initializer_list<Bytes> parts) const {
  return send({.length = length_of(parts), .error = static_cast<std::int32_t>(what), .unique = 0}, parts);
}

int Device::send(const OutHeader& header, std::initializer_list<Bytes> parts) const {
  std::array<iovec, most_parts> vectors{};
  std::size_t count = 0;
  const auto add = [&](Bytes bytes) {
    vectors[count++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  };
  add(bytes_of(header));
  for (const auto& part : parts) add(part);
  for (;;) {
    if (writev(file_.get(), vectors.data(), static_cast<int>(count)) >= 0) return 0;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace ikfs::fuse
