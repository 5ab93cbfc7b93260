#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "btf/btf.h"
#include "btf/flat_base.h"
#include "btf/number_set.h"

namespace ikfs::btf {

/**
 * The strings of a flat BTF, each once, in the order in which they are asked for.
 */
class FlatStrings {
 public:
  FlatStrings(const Btf& split, const FlatBase& base)
      : split_(split),
        base_(base),
        used_(base.strings().size()),
        offsets_(base.strings().size()),
        own_offsets_(split.strings().size()) {
    text_.push_back('\0');
  }

  /** The offset of a string, which is added when it is new. @param offset in the split BTF */
  std::uint32_t of_split(std::uint32_t offset);
  /** As of_split(). @param number of a string that the base's types name */
  std::uint32_t of_base(std::uint32_t number);

  /**
   * Counts the strings of the base's core as being there, without their text: for who wants to know how many
   * bytes it will be, and no offset.
   */
  void count_core();

  /** Those that were asked for, each with its NUL, the empty one first. */
  std::string_view text() const { return text_; }
  /** How many bytes it is. */
  std::size_t bytes() const { return text_.size() + core_bytes_; }
  /** More than a flat BTF may have were asked for. */
  bool too_long() const { return too_long_; }

 private:
  /** Adds a string that the base's types do not name. */
  std::uint32_t other(std::string_view text);
  std::uint32_t append(std::string_view text);

  const Btf& split_;
  const FlatBase& base_;
  /** Which strings of the base's types are there, by number, and then where. */
  NumberSet used_;
  std::vector<std::uint32_t> offsets_;
  /** Where strings of its own are; 0 when they are not, or empty. */
  std::vector<std::uint32_t> own_offsets_;
  /** Where those are that are the base's strings, but named by the split BTF's types only. */
  std::unordered_map<std::uint32_t, std::uint32_t> only_own_;
  std::unordered_map<std::string_view, std::uint32_t> others_;
  std::string text_;
  std::size_t core_bytes_ = 0;
  bool too_long_ = false;
};

}  // namespace ikfs::btf
