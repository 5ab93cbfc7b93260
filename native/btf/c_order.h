#pragma once

#include <cstdint>
#include <vector>

#include "btf/btf.h"
#include "btf/c_guard.h"

namespace ikfs::btf {

/** Whether all types refer to types; else the guard fails with `corrupt`. */
bool all_refer_to_types(const Btf& btf, CGuard& guard);

/**
 * The order of definitions in C: what is embedded comes before what embeds it. What is only pointed to need
 * not, a forward declaration is enough for it. The order is that of bpftool 7.1 (libbpf 1.1,
 * btf_dump_order_type).
 */
class COrder {
 public:
  COrder(const Btf& btf, CGuard& guard);

  /** Notes which types are mentioned by those of a range. */
  void note_mentions(TypeId from, TypeId to);

  /** @returns what is to be defined for a type and has not been returned before, the type itself last */
  const std::vector<TypeId>& definitions_for(TypeId id);

 private:
  enum class State : std::uint8_t { unseen, begun, ordered };
  /** How a type hangs on another: by a pointer only, or so that its definition must come first. */
  enum class Link : std::uint8_t { weak, strong };

  Link visit(TypeId id, bool through_pointer);
  Link visit_record(TypeId id, const Type& type, bool through_pointer);
  Link visit_prototype(TypeId id, const Type& type, bool through_pointer);

  const Btf& btf_;
  CGuard& guard_;
  std::vector<State> states_;
  std::vector<bool> mentioned_;
  std::vector<TypeId> queue_;
};

}  // namespace ikfs::btf
