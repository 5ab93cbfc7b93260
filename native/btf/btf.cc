#include "btf/btf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "btf/byte_order.h"

namespace ikfs::btf {

namespace {

constexpr std::uint16_t magic = 0xeb9f;
constexpr std::size_t shortest_header = 24;
constexpr std::size_t head_words = 3;

std::uint32_t word_at(Bytes bytes, std::size_t offset, std::endian order) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + offset, sizeof word);
  return order == std::endian::native ? word : swapped(word);
}

Failure failure(FailureCode code, std::string message, std::uint64_t offset) {
  return {.code = code, .message = std::move(message), .offset = offset};
}

/** The sections that a header names. */
struct Sections {
  std::endian order = std::endian::native;
  Bytes types;
  Bytes strings;
  /** Where they begin in the whole, for messages. */
  std::size_t types_at = 0;
  std::size_t strings_at = 0;
  /** Of a header without other sections: bytes that belong to none. */
  std::size_t stray_bytes = 0;
};

Result<Sections> sections_of(Bytes bytes) {
  if (bytes.size() < shortest_header)
    return failure(FailureCode::truncated, "the BTF header is cut off", bytes.size());
  Sections found;
  const auto low_first = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
  const auto high_first = static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
  if (low_first == magic) {
    found.order = std::endian::little;
  } else if (high_first == magic) {
    found.order = std::endian::big;
  } else {
    return failure(FailureCode::corrupt, "no BTF: its magic number is missing", 0);
  }
  if (bytes[2] != 1)
    return failure(FailureCode::unsupported, "BTF of version " + std::to_string(bytes[2]), 2);
  if (bytes[3] != 0)
    return failure(FailureCode::unsupported, "BTF with flags " + std::to_string(bytes[3]), 3);
  const auto field = [&](std::size_t offset) { return std::uint64_t{word_at(bytes, offset, found.order)}; };
  const auto header = field(4);
  if (header < shortest_header) return failure(FailureCode::corrupt, "the BTF header is shorter than any", 4);
  const auto [type_offset, type_length, string_offset, string_length] =
      std::array{field(8), field(12), field(16), field(20)};
  if (type_offset % 4 != 0)
    return failure(FailureCode::corrupt, "the types do not begin at a multiple of four", 8);
  if (type_length % 4 != 0)
    return failure(FailureCode::corrupt, "the types are no whole number of words", 12);
  if (header + type_offset + type_length > bytes.size())
    return failure(FailureCode::truncated, "the types are cut off", bytes.size());
  if (type_offset + type_length > string_offset)
    return failure(FailureCode::corrupt, "the strings overlap the types", 16);
  if (header + string_offset + string_length > bytes.size())
    return failure(FailureCode::truncated, "the strings are cut off", bytes.size());
  found.types_at = header + type_offset;
  found.strings_at = header + string_offset;
  found.types = bytes.subspan(found.types_at, type_length);
  found.strings = bytes.subspan(found.strings_at, string_length);
  if (header == shortest_header) found.stray_bytes = bytes.size() - header - type_length - string_length;
  return found;
}

}  // namespace

Result<std::shared_ptr<const Btf>> Btf::parse(Bytes bytes, std::shared_ptr<const Btf> base) {
  auto opened = sections_of(bytes);
  if (auto* failed = std::get_if<Failure>(&opened)) return std::move(*failed);
  const auto& [order, types, strings, types_at, strings_at, stray_bytes] = std::get<Sections>(opened);
  if (!strings.empty() && strings.back() != 0)
    return failure(FailureCode::corrupt, "the last string does not end", strings_at + strings.size() - 1);
  // A base begins with the empty string; the strings of a split BTF are offset by the base's.
  if (!base && (strings.empty() || strings.front() != 0))
    return failure(FailureCode::corrupt, "the first string is not empty, as if this were split BTF",
                   strings_at);

  std::shared_ptr<Btf> made(new Btf);
  made->order_ = order;
  made->stray_bytes_ = stray_bytes;
  if (base) {
    made->first_ = base->count();
    made->string_first_ = base->string_end();
  }
  made->base_ = std::move(base);
  if (strings.size() > UINT32_MAX - made->string_first_)
    return failure(FailureCode::limit, "the strings are too long together with the base's", strings_at);
  made->strings_.assign(reinterpret_cast<const char*>(strings.data()), strings.size());
  made->words_.resize(types.size() / 4);
  if (!types.empty()) std::memcpy(made->words_.data(), types.data(), types.size());
  if (order != std::endian::native)
    std::transform(made->words_.begin(), made->words_.end(), made->words_.begin(), swapped);

  const auto& words = made->words_;
  made->starts_.reserve(words.size() / 5);
  for (std::size_t at = 0; at < words.size();) {
    const auto id = made->count();
    const auto where = [&] { return "type " + std::to_string(id); };
    if (words.size() - at < head_words)
      return failure(FailureCode::truncated, where() + " is cut off", types_at + at * 4);
    const auto kind = static_cast<Kind>(words[at + 1] >> 24 & 0x7f);
    const auto count = Type::word_count(words[at + 1]);
    if (count == 0) {
      return failure(
          FailureCode::unsupported,
          where() + " is of kind " + std::to_string(static_cast<int>(kind)) + ", which is not known",
          types_at + at * 4 + 4);
    }
    if (words.size() - at < count)
      return failure(FailureCode::truncated, where() + " (" + kind_name(kind) + ") is cut off",
                     types_at + at * 4);
    made->starts_.push_back(static_cast<std::uint32_t>(at));
    if (auto wrong = made->check_names(id)) {
      wrong->offset += types_at + at * 4;
      return std::move(*wrong);
    }
    at += count;
  }
  return std::shared_ptr<const Btf>(std::move(made));
}

Status Btf::check_names(TypeId id) const {
  const auto given = type(id);
  const auto end = string_end();
  const auto wrong = [&](const char* field, std::uint32_t name, std::size_t word) {
    return failure(FailureCode::corrupt,
                   "type " + std::to_string(id) + " (" + kind_name(given.kind()) + "): " + field + " is at " +
                       std::to_string(name) + " of " + std::to_string(end) + " bytes of strings",
                   word * 4);
  };
  if (given.name() >= end && given.name() != 0) return wrong("its name", given.name(), 0);
  std::size_t stride = 0;
  switch (given.kind()) {
    case Kind::structure:
    case Kind::union_type:
    case Kind::enumeration_64:
      stride = 3;
      break;
    case Kind::enumeration:
    case Kind::prototype:
      stride = 2;
      break;
    default:
      return {};
  }
  const auto words = given.words();
  for (std::size_t at = head_words; at < words.size(); at += stride) {
    if (words[at] >= end && words[at] != 0) return wrong("a name in it", words[at], at);
  }
  return {};
}

}  // namespace ikfs::btf
