#include "archive/archive_index.h"

#include <algorithm>
#include <string_view>

namespace ikfs {

namespace {

/** A 6.1 archive has 0.2 MB of names; without a cap, 200,000 names of 8 KB each would take 1.6 GB. */
constexpr std::size_t kMaxPool = 64 * 1024 * 1024;
constexpr std::string_view kMagic = "IKFSIDX1";
constexpr std::size_t kHeader = 16;

template <typename Unsigned>
void append(std::vector<std::uint8_t>& bytes, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Status ArchiveIndex::receive(const TarEntry& entry) {
  if (entry.path.size() + entry.target.size() > kMaxPool - pool_.size()) {
    return Failure{FailureCode::limit, "the names of all entries together exceed 64 MiB"};
  }
  append(records_, entry.offset);
  append(records_, entry.size);
  append(records_, static_cast<std::uint32_t>(pool_.size()));
  append(records_, static_cast<std::uint16_t>(entry.path.size()));
  append(records_, entry.mode);
  pool_ += entry.path;
  append(records_, static_cast<std::uint32_t>(pool_.size()));
  append(records_, static_cast<std::uint16_t>(entry.target.size()));
  pool_ += entry.target;
  append(records_, static_cast<std::uint8_t>(entry.kind));
  append(records_, std::uint8_t{0});
  ++count_;
  return {};
}

std::vector<std::uint8_t> ArchiveIndex::encode() const {
  std::vector<std::uint8_t> header(kMagic.begin(), kMagic.end());
  append(header, count_);
  append(header, static_cast<std::uint32_t>(pool_.size()));
  std::vector<std::uint8_t> encoded(kHeader + records_.size() + pool_.size());
  auto end = std::copy(header.begin(), header.end(), encoded.begin());
  end = std::copy(records_.begin(), records_.end(), end);
  std::copy(pool_.begin(), pool_.end(), end);
  return encoded;
}

}  // namespace ikfs
