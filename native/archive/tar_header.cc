#include "archive/tar_header.h"

#include <algorithm>
#include <string_view>

#include "archive/tar_number.h"

namespace ikfs {

namespace {

/** Where a field lies in the block: pax(1), "ustar Header Block". */
struct Field {
  std::size_t offset;
  std::size_t length;
};

constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kSize{124, 12};
constexpr Field kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kLinkName{157, 100};
constexpr Field kMagic{257, 8};
constexpr Field kPrefix{345, 155};

constexpr std::string_view kPosixMagic("ustar\0", 6);
constexpr std::string_view kGnuMagic("ustar  \0", 8);

std::string_view raw(TarBlock block, Field field) {
  return {reinterpret_cast<const char*>(block.data()) + field.offset, field.length};
}

/** The field up to its first zero byte. */
std::string_view text(TarBlock block, Field field) {
  const auto whole = raw(block, field);
  return whole.substr(0, whole.find('\0'));
}

/** Sum of the block's bytes, with the checksum itself counted as spaces. */
std::uint64_t checksum(TarBlock block) {
  std::uint64_t sum = 0;
  for (const std::uint8_t byte : block) sum += byte;
  for (const std::uint8_t byte : block.subspan(kChecksum.offset, kChecksum.length)) sum -= byte;
  return sum + kChecksum.length * ' ';
}

}  // namespace

bool is_zero_block(TarBlock block) {
  return std::all_of(block.begin(), block.end(), [](std::uint8_t byte) { return byte == 0; });
}

Result<TarHeader> parse_tar_header(TarBlock block) {
  if (tar_number(raw(block, kChecksum)) != checksum(block)) {
    return Failure{FailureCode::corrupt, "the checksum of a tar header is wrong"};
  }
  const auto magic = raw(block, kMagic);
  const bool posix = magic.starts_with(kPosixMagic);
  if (!posix && magic != kGnuMagic) {
    return Failure{FailureCode::unsupported, "a tar header of neither the POSIX nor the GNU form"};
  }
  const auto mode = tar_number(raw(block, kMode));
  if (!mode) return Failure{FailureCode::corrupt, "the mode in a tar header is no number"};
  const auto size = tar_number(raw(block, kSize));
  if (!size) return Failure{FailureCode::corrupt, "the size in a tar header is no number, or too large"};

  std::string path(text(block, kName));
  // The GNU form keeps times where POSIX has the prefix.
  const auto prefix = posix ? text(block, kPrefix) : std::string_view();
  if (!prefix.empty()) path = std::string(prefix) + '/' + path;
  return TarHeader{static_cast<char>(block[kType]), std::move(path), std::string(text(block, kLinkName)),
                   static_cast<std::uint16_t>(*mode & 07777), *size};
}

}  // namespace ikfs
