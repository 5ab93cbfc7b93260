#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ikfs::btf {

/** A set of numbers below a limit. */
class NumberSet {
 public:
  explicit NumberSet(std::size_t limit) : words_((limit + 63) / 64) {}

  bool contains(std::uint32_t number) const { return (words_[number / 64] >> number % 64 & 1) != 0; }

  /** Adds a number. @returns whether it was not there */
  bool add(std::uint32_t number) {
    auto& word = words_[number / 64];
    const auto bit = std::uint64_t{1} << number % 64;
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }

  /** Adds all of another set, whose limit is the same. */
  void add_all(const NumberSet& other) {
    for (std::size_t at = 0; at < words_.size(); ++at) words_[at] |= other.words_[at];
  }

  /** Calls with each number, in order. */
  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      for (auto word = words_[at]; word != 0; word &= word - 1)
        visit(static_cast<std::uint32_t>(at * 64 + static_cast<std::size_t>(std::countr_zero(word))));
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace ikfs::btf
