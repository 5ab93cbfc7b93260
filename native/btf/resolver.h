#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "btf/btf.h"

namespace ikfs::btf {

/** What remains of a type when its type definitions, qualifiers and tags are taken away. */
struct Resolved {
  enum class Outcome : std::uint8_t {
    sized,
    /** void, a forward declaration, a function, a prototype, and what is no type of a value at all. */
    unsized,
    /** An array of more than 4 GiB. */
    oversized,
    /** It leads to itself. */
    looping,
    /** It leads to a number that no type has; that is `id`. */
    missing,
  };

  Outcome outcome;
  /** The type that remains. */
  TypeId id;
  /** What remains when arrays are taken away as well. */
  TypeId innermost;
  /** In bytes. */
  std::uint32_t size;
};

/**
 * Finds out what types resolve to, by the rules of the kernel (kernel/bpf/btf.c, btf_resolve()), remembering
 * it: what is asked of one is in sum not more than there are types. Takes any BTF.
 */
class Resolver {
 public:
  /** @param btf outlives it */
  explicit Resolver(const Btf& btf) : btf_(btf), own_(btf.count() - btf.first()) {}

  Resolved resolve(TypeId id);

 private:
  struct Known {
    enum class State : std::uint8_t { unknown, being_resolved, resolved } state = State::unknown;
    Resolved resolved{};
  };

  Known& known(TypeId id) { return id < btf_.first() ? of_base_[id] : own_[id - btf_.first()]; }
  /** Of what no other type remains of. */
  Resolved itself(TypeId id);
  /** 8 or 4, as the size of `long` is; 8 when there is none. */
  std::uint32_t pointer_size();

  const Btf& btf_;
  std::vector<Known> own_;
  /** Only of those that are asked for: a base has many more types than a module reaches. */
  std::unordered_map<TypeId, Known> of_base_;
  std::vector<TypeId> path_;
  std::uint32_t pointer_size_ = 0;
};

}  // namespace ikfs::btf
