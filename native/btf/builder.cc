#include "btf/builder.h"

#include <array>

#include "btf/byte_order.h"

namespace ikfs::btf {

namespace {

constexpr std::uint32_t header_size = 24;

void append_words(std::vector<std::uint8_t>& bytes, std::span<const std::uint32_t> words, std::endian order) {
  if (order == std::endian::native) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(words.data());
    bytes.insert(bytes.end(), first, first + words.size_bytes());
    return;
  }
  for (const auto word : words) {
    const auto other = swapped(word);
    const auto* first = reinterpret_cast<const std::uint8_t*>(&other);
    bytes.insert(bytes.end(), first, first + sizeof other);
  }
}

}  // namespace

std::uint64_t encoded_size(std::size_t words, std::size_t string_bytes) {
  return std::uint64_t{header_size} + std::uint64_t{words} * 4 + string_bytes;
}

std::vector<std::uint8_t> encode(std::span<const std::uint32_t> words, std::string_view strings,
                                 std::endian order) {
  const auto types_size = static_cast<std::uint32_t>(words.size() * 4);
  const auto strings_size = static_cast<std::uint32_t>(strings.size());
  const std::array<std::uint32_t, 5> sections{header_size, 0, types_size, types_size, strings_size};
  std::vector<std::uint8_t> encoded;
  encoded.reserve(std::size_t{header_size} + types_size + strings_size);
  const bool low_first = order == std::endian::little;
  for (const int byte : {low_first ? 0x9f : 0xeb, low_first ? 0xeb : 0x9f, 1, 0})
    encoded.push_back(static_cast<std::uint8_t>(byte));
  append_words(encoded, sections, order);
  append_words(encoded, words, order);
  encoded.insert(encoded.end(), strings.begin(), strings.end());
  return encoded;
}

Builder::Builder(TypeId first, std::uint32_t string_first) : next_(first), string_first_(string_first) {
  // Offset 0 is the empty string everywhere; a split BTF has it from its base.
  if (string_first == 0) strings_.push_back('\0');
}

TypeId Builder::add(std::span<const std::uint32_t> words) {
  words_.insert(words_.end(), words.begin(), words.end());
  return next_++;
}

std::uint32_t Builder::string(std::string_view text) {
  if (text.empty()) return 0;
  const auto [place, is_new] =
      known_.try_emplace(std::string(text), string_first_ + static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.append(text).push_back('\0');
  return place->second;
}

std::uint32_t Builder::append_strings(std::string_view strings) {
  const auto offset = string_first_ + static_cast<std::uint32_t>(strings_.size());
  strings_.append(strings);
  return offset;
}

}  // namespace ikfs::btf
