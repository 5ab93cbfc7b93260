#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "btf/btf.h"
#include "btf/flat_base.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Makes self-contained BTF of BTF that is split on one base. What it knows of the base is made once; a flat
 * BTF then costs what it holds, and a bit for each type and each string of the base. Threads may share it.
 */
class Flattener {
 public:
  /** @param base outlives it; null when what is flattened has none */
  explicit Flattener(const Btf* base) : base_(base) {}

  /**
   * The split BTF's own types behind those of the base that they reach, members of members of structs among
   * them: the base's in the base's order, then its own in theirs, each once. Strings that no type names are
   * left out, and none is there twice.
   * @param split its base is this one
   * @returns raw BTF in the split BTF's byte order, which needs no base; or fails with `corrupt` (a type
   * refers to one that is none), `limit` (strings) or `usage` (another base)
   */
  Result<std::vector<std::uint8_t>> flatten(const Btf& split) const;

  /** How many bytes that would be, told in a fraction of the time; fails as flatten(). */
  Result<std::uint64_t> flat_size(const Btf& split) const;

 private:
  /** Why nothing of this BTF can be made. */
  Status refuse(const Btf& split) const;

  FlatBase base_;
};

/** As Flattener, whose index of the base is kept with the base. */
Result<std::vector<std::uint8_t>> flatten(const Btf& split);
Result<std::uint64_t> flat_size(const Btf& split);

/**
 * A kernel's BTF and that of its modules in one: the base as it is, then the modules' types in order. Types
 * of modules that are the same type are there once, where the first was: the same words, names by their text,
 * and what they refer to the same type of the base or again the same type, however they refer to each other.
 * A type that differs from another in anything that it reaches is kept beside it, under the same name.
 * @param base has no base itself
 * @param splits all split on it; validated before
 * @returns raw BTF in the base's byte order; or fails with `corrupt`, `limit` or `usage` as flatten()
 */
Result<std::vector<std::uint8_t>> merge(const Btf& base, std::span<const std::shared_ptr<const Btf>> splits);

}  // namespace ikfs::btf
