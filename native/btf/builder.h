#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "btf/btf.h"

namespace ikfs::btf {

/** The most words of types that are put together: 1 GiB, of the 4 GiB that a header can name. */
constexpr std::size_t most_words = std::size_t{1} << 28;

/**
 * Raw BTF (Documentation/bpf/btf.rst, section 2), with a header of 24 bytes.
 * @param words of all types, in this machine's order, `most_words` of them at most
 * @param strings each with its NUL
 * @param order of what comes out
 */
std::vector<std::uint8_t> encode(std::span<const std::uint32_t> words, std::string_view strings,
                                 std::endian order);

/** How many bytes encode() makes of so many words and so many bytes of strings. */
std::uint64_t encoded_size(std::size_t words, std::size_t string_bytes);

/** Puts types and strings together to raw BTF. */
class Builder {
 public:
  /**
   * @param first number of the first type that is added: 1, or a base's count
   * @param string_first offset of the first string: 0, or the end of a base's strings
   */
  explicit Builder(TypeId first = 1, std::uint32_t string_first = 0);

  /** The number that the next type gets. */
  TypeId next() const { return next_; }

  /** Adds a type, whose words refer to types and strings of what is built. @returns its number */
  TypeId add(std::span<const std::uint32_t> words);

  /** The offset of a string, which is added unless it is there already. */
  std::uint32_t string(std::string_view text);

  /** Adds strings as they are, one behind the other, each with its NUL. @returns the offset of the first */
  std::uint32_t append_strings(std::string_view strings);

  /** What was added, as raw BTF. */
  std::vector<std::uint8_t> encode(std::endian order) const { return btf::encode(words_, strings_, order); }

 private:
  TypeId next_;
  std::uint32_t string_first_;
  std::vector<std::uint32_t> words_;
  std::string strings_;
  std::unordered_map<std::string, std::uint32_t> known_;
};

}  // namespace ikfs::btf
