#pragma once

#include <cstdint>
#include <vector>

#include "btf/btf.h"
#include "btf/number_set.h"
#include "btf/string_index.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * A base's types and strings as flattening needs them: names are numbers of strings, so that what is found
 * once for a string is found for all types that name it.
 */
class FlatBase {
 public:
  /**
   * Types that reach each other, and all that these reach. A kernel has one great circle of structs that
   * point at each other, task_struct among them, and nearly every module reaches one of it, and with that all
   * of them.
   */
  struct Core {
    /** Who reaches one of these reaches the core. */
    NumberSet circle;
    NumberSet types;
    /** How many words these have in sum. */
    std::size_t word_count = 0;
    /** Numbers of the strings that these name. */
    NumberSet strings;
    /** How many bytes these have in sum, each with its NUL. */
    std::size_t string_bytes = 0;
  };

  /** @param base outlives it; null for a base of no types */
  explicit FlatBase(const Btf* base);

  const Btf* btf() const { return btf_; }
  /** What is wrong with the base, so that nothing can be flattened that is split on it. */
  const Status& unusable() const { return unusable_; }

  const StringIndex& strings() const { return strings_; }
  /** The type of a number above 0, its names being numbers of strings. */
  Type type(TypeId id) const { return Type(words_.data() + starts_[id]); }
  /** One more than the greatest number of a type. */
  TypeId count() const { return static_cast<TypeId>(starts_.size()); }
  const Core& core() const { return core_; }

 private:
  Status read();
  void find_core();

  const Btf* btf_;
  StringIndex strings_;
  /** The words of all types from 1 on. */
  std::vector<std::uint32_t> words_;
  /** Where each type begins in `words_`, by its number; nothing for 0. */
  std::vector<std::uint32_t> starts_{0};
  Core core_{NumberSet(0), NumberSet(0), 0, NumberSet(0), 0};
  Status unusable_;
};

}  // namespace ikfs::btf
