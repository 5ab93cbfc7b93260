#pragma once

#include <cstddef>
#include <vector>

#include "btf/btf.h"
#include "btf/flat_base.h"
#include "btf/number_set.h"
#include "core/failure.h"

namespace ikfs::btf {

/** What a split BTF's own types reach in its base. */
class FlatReach {
 public:
  FlatReach(const Btf& split, const FlatBase& base) : split_(split), base_(base), types_(split.first()) {}

  /** Finds it; once. Fails with `corrupt` for a type that refers to one that is none. */
  Status find();

  const NumberSet& types() const { return types_; }
  /** Whether it reaches the core. */
  bool core() const { return core_; }
  /** Those beside the core. */
  const std::vector<TypeId>& singles() const { return singles_; }
  /** How many words the types have in sum, its own among them. */
  std::size_t word_count() const;

 private:
  void add(TypeId id);

  const Btf& split_;
  const FlatBase& base_;
  NumberSet types_;
  bool core_ = false;
  std::vector<TypeId> singles_;
};

}  // namespace ikfs::btf
