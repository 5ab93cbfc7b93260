#include "codec/xxh32.h"

#include <algorithm>
#include <bit>

namespace ikfs {

namespace {

constexpr std::uint32_t kPrime1 = 0x9e3779b1;
constexpr std::uint32_t kPrime2 = 0x85ebca77;
constexpr std::uint32_t kPrime3 = 0xc2b2ae3d;
constexpr std::uint32_t kPrime4 = 0x27d4eb2f;
constexpr std::uint32_t kPrime5 = 0x165667b1;

/** A little-endian word; written so that compilers make one load of it. */
std::uint32_t word_at(const std::uint8_t* bytes) {
  return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

}  // namespace

Xxh32::Xxh32() : lanes_{kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1}, rest_{} {}

void Xxh32::update(Bytes bytes) {
  total_ += bytes.size();
  if (rest_size_ > 0) {
    const auto start = bytes.first(std::min(kStripe - rest_size_, bytes.size()));
    std::copy(start.begin(), start.end(), rest_.begin() + rest_size_);
    rest_size_ += start.size();
    bytes = bytes.subspan(start.size());
    if (rest_size_ < kStripe) return;
    consume(rest_);
  }
  const auto whole = bytes.first(bytes.size() / kStripe * kStripe);
  consume(whole);
  bytes = bytes.subspan(whole.size());
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
  rest_size_ = bytes.size();
}

void Xxh32::consume(Bytes stripes) {
  // A copy, which can be in registers.
  auto lanes = lanes_;
  for (; !stripes.empty(); stripes = stripes.subspan(kStripe)) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      lanes[lane] = std::rotl(lanes[lane] + word_at(stripes.data() + 4 * lane) * kPrime2, 13) * kPrime1;
    }
  }
  lanes_ = lanes;
}

std::uint32_t Xxh32::digest() const {
  std::uint32_t hash = kPrime5;
  if (total_ >= kStripe) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
  }
  hash += static_cast<std::uint32_t>(total_);
  std::size_t at = 0;
  for (; at + 4 <= rest_size_; at += 4) {
    hash = std::rotl(hash + word_at(rest_.data() + at) * kPrime3, 17) * kPrime4;
  }
  for (; at < rest_size_; ++at) hash = std::rotl(hash + rest_[at] * kPrime5, 11) * kPrime1;
  hash = (hash ^ hash >> 15) * kPrime2;
  hash = (hash ^ hash >> 13) * kPrime3;
  return hash ^ hash >> 16;
}

std::uint32_t xxh32(Bytes bytes) {
  Xxh32 hash;
  hash.update(bytes);
  return hash.digest();
}

}  // namespace ikfs
