#include "archive/tar_number.h"

#include <algorithm>

namespace ikfs {

namespace {

/** `value * base + digit`, or nothing when that is too large. */
std::optional<std::uint64_t> append_digit(std::uint64_t value, std::uint64_t base, std::uint64_t digit) {
  if (value > kMaxTarNumber / base || value * base > kMaxTarNumber - digit) return {};
  return value * base + digit;
}

std::optional<std::uint64_t> digits_of_base(std::string_view digits, std::uint64_t base) {
  std::optional<std::uint64_t> value = 0;
  for (const char character : digits) {
    const auto digit = static_cast<std::uint64_t>(static_cast<std::uint8_t>(character) - '0');
    if (digit >= base) return {};
    value = append_digit(*value, base, digit);
    if (!value) return {};
  }
  return value;
}

std::optional<std::uint64_t> big_endian(std::string_view bytes) {
  std::optional<std::uint64_t> value = 0;
  for (const char byte : bytes) {
    value = append_digit(*value, 256, static_cast<std::uint8_t>(byte));
    if (!value) return {};
  }
  return value;
}

}  // namespace

std::optional<std::uint64_t> tar_number(std::string_view field) {
  if (field.starts_with('\x80')) return big_endian(field.substr(1));
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  return digits_of_base(field.substr(0, field.find_first_of(std::string_view(" \0", 2))), 8);
}

std::optional<std::uint64_t> pax_number(std::string_view digits) {
  if (digits.empty()) return {};
  return digits_of_base(digits, 10);
}

}  // namespace ikfs
