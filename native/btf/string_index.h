#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * The strings that a BTF's types name, numbered from 0 in order, the same number for the same text. A number
 * is found by offset or by text; the numbers are dense, for what is kept for each string.
 */
class StringIndex {
 public:
  /** All of them may have so many bytes in sum, which is more than in any kernel by far. */
  static constexpr std::size_t most_bytes = std::size_t{256} * 1024 * 1024;

  /** Of no strings. */
  StringIndex() = default;

  /**
   * Adds all that the types of a BTF and its base name; once.
   * @param btf outlives it
   * @returns or fails with `limit`, for strings that end in each other
   */
  Status add(const Btf& btf);

  /** One more than the greatest number. */
  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }

  /** The number of the string at an offset, unless no type names it there. */
  std::optional<std::uint32_t> at(std::uint32_t offset) const {
    const auto word = offset / 64;
    if (word >= named_.size()) return {};
    const auto bit = std::uint64_t{1} << offset % 64;
    if ((named_[word].bits & bit) == 0) return {};
    const auto rank =
        named_[word].before + static_cast<std::uint32_t>(std::popcount(named_[word].bits & (bit - 1)));
    return same_as_[rank];
  }

  /** The number of a text, unless no type names it. */
  std::optional<std::uint32_t> find(std::string_view text) const;

  std::string_view text(std::uint32_t number) const { return texts_[number]; }

 private:
  static constexpr std::uint32_t nothing = UINT32_MAX;

  /** A number by the hash of its text. */
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = nothing;
  };

  static std::uint32_t hash_of(std::string_view text);
  /** The slot of a text, or where it would be. */
  std::size_t slot_of(std::string_view text, std::uint32_t hash) const;

  /** Which offsets are named, and how many before the first of these 64. */
  struct Named {
    std::uint64_t bits = 0;
    std::uint32_t before = 0;
  };
  std::vector<Named> named_;
  /** By number. */
  std::vector<std::string_view> texts_;
  /** The first number with the same text. */
  std::vector<std::uint32_t> same_as_;
  /** A power of two, at most half of them taken. */
  std::vector<Slot> slots_;
};

}  // namespace ikfs::btf
