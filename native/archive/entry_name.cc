#include "archive/entry_name.h"

#include <cstdint>

namespace ikfs {

namespace {

/** PATH_MAX without its terminating zero byte. */
constexpr std::size_t kMaxName = 4095;

bool is_plain_utf8(std::string_view name) {
  while (!name.empty()) {
    const auto first = static_cast<std::uint8_t>(name[0]);
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 0b110 ? 2 : first >> 4 == 0b1110 ? 3 : 4;
    if (length == 4 && first >> 3 != 0b11110) return false;
    if (length > name.size()) return false;
    std::uint32_t point = length == 1 ? first : first & (0x7fu >> length);
    for (const char byte : name.substr(1, length - 1)) {
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (point < smallest[length - 1] || point > 0x10ffff) return false;
    if ((point >= 0xd800 && point <= 0xdfff) || point == 0xfffd) return false;
    name.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string_view trimmed_name(std::string_view name) {
  while (name.starts_with("./")) {
    name.remove_prefix(1);
    while (name.starts_with('/')) name.remove_prefix(1);
  }
  if (name == ".") return {};
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  return name;
}

std::string quoted_name(std::string_view name) {
  constexpr std::size_t longest = 200;
  std::string quoted = "\"";
  for (const char byte : name.substr(0, longest)) {
    const auto code = static_cast<std::uint8_t>(byte);
    quoted += code < 0x20 || code == 0x7f ? '?' : byte;
  }
  return quoted + (name.size() > longest ? "...\"" : "\"");
}

std::optional<NameProblem> name_problem(std::string_view name) {
  if (name.size() > kMaxName) return NameProblem{FailureCode::limit, "has a name of more than 4095 bytes"};
  if (name.find('\0') != std::string_view::npos) {
    return NameProblem{FailureCode::corrupt, "has a zero byte in its name"};
  }
  if (!is_plain_utf8(name)) return NameProblem{FailureCode::unsupported, "has a name that is not UTF-8"};
  return {};
}

}  // namespace ikfs
