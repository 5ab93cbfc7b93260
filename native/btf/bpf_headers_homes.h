#pragma once

#include <cstdint>
#include <vector>

#include "btf/bpf_headers_facts.h"
#include "btf/bpf_headers_groups.h"
#include "btf/bpf_headers_plan.h"
#include "btf/btf.h"
#include "btf/c_guard.h"

namespace ikfs::btf {

/** What a type needs of others before C can have it. */
struct TypeNeeds {
  /** What must be defined before: type definitions that are mentioned, and what is embedded. */
  std::vector<TypeId> defined;
  /** What must be declared before: structs and unions that are pointed to. */
  std::vector<TypeId> declared;
};

/**
 * Which header each type is at home in: the first of the plan that declares it; of a type that none declares
 * and that others need by value, the first that needs it. Types that are only pointed to have none.
 */
class TypeHomes {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  TypeHomes(const Btf& btf, CGuard& guard, const HeaderPlan& plan, const TypeFacts& facts);

  /** The number of the header, or `none`. */
  std::uint32_t of(TypeId id) const { return homes_[id]; }
  /** All types that are at home in a header. */
  const std::vector<TypeId>& types_in(std::uint32_t header) const { return types_[header]; }
  /** Headers that types of this one need, and those where types are at home that this one declares as well.
   */
  const std::vector<std::uint32_t>& needs_of(std::uint32_t header) const { return needs_[header]; }
  /** The same of all headers. */
  const HeaderGraph& needs() const { return needs_; }

  TypeNeeds needs_of_type(TypeId id) const;

 private:
  void settle(std::uint32_t header, TypeId id);
  void follow(std::uint32_t header);
  void add_need(std::uint32_t header, std::uint32_t needed);
  void collect(TypeId id, bool complete, TypeNeeds& needs) const;
  void collect_members(TypeId id, const Type& type, TypeNeeds& needs) const;

  const Btf& btf_;
  CGuard& guard_;
  std::vector<std::uint32_t> homes_;
  std::vector<std::vector<TypeId>> types_;
  HeaderGraph needs_;
};

}  // namespace ikfs::btf
