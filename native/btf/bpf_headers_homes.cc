#include "btf/bpf_headers_homes.h"

#include <algorithm>

namespace ikfs::btf {

TypeHomes::TypeHomes(const Btf& btf, CGuard& guard, const HeaderPlan& plan, const TypeFacts& facts)
    : btf_(btf),
      guard_(guard),
      homes_(btf.count(), none),
      types_(plan.headers.size()),
      needs_(plan.headers.size()) {
  for (std::uint32_t header = 0; header < plan.headers.size(); ++header) {
    const auto& planned = plan.headers[header];
    for (const auto tag : planned.tags) settle(header, facts.tagged(tag));
    for (const auto name : planned.type_definitions) settle(header, facts.defined(name));
    for (const auto constant : planned.constants) settle(header, facts.loose_constants(constant));
  }
  for (std::uint32_t header = 0; header < plan.headers.size(); ++header) follow(header);
}

void TypeHomes::settle(std::uint32_t header, TypeId id) {
  if (id == 0) return;
  if (homes_[id] == none) {
    homes_[id] = header;
    types_[header].push_back(id);
  } else {
    add_need(header, homes_[id]);
  }
}

/** Finds homes for what a header's types need. */
void TypeHomes::follow(std::uint32_t header) {
  // What is settled here while going through is gone through as well.
  for (std::size_t at = 0; at < types_[header].size() && !guard_.failed(); ++at) {
    for (const auto needed : needs_of_type(types_[header][at]).defined) settle(header, needed);
  }
}

void TypeHomes::add_need(std::uint32_t header, std::uint32_t needed) {
  if (header == needed) return;
  auto& needs = needs_[header];
  if (std::find(needs.begin(), needs.end(), needed) == needs.end()) needs.push_back(needed);
}

TypeNeeds TypeHomes::needs_of_type(TypeId id) const {
  TypeNeeds needs;
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::structure:
    case Kind::union_type:
      collect_members(id, type, needs);
      break;
    case Kind::type_definition:
      collect(type.target(), false, needs);
      break;
    default:
      break;
  }
  return needs;
}

/** @param complete whether the type is used by value, so that its size must be known */
void TypeHomes::collect(TypeId id, bool complete, TypeNeeds& needs) const {
  if (id == 0) return;
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return;
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::pointer:
      return collect(type.target(), false, needs);
    case Kind::array:
      return collect(type.element(), true, needs);
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::type_tag:
      return collect(type.target(), complete, needs);
    case Kind::type_definition:
      needs.defined.push_back(id);
      if (complete) collect(type.target(), true, needs);
      return;
    case Kind::structure:
    case Kind::union_type:
      if (type.name() == 0) return collect_members(id, type, needs);
      (complete ? needs.defined : needs.declared).push_back(id);
      return;
    case Kind::forward:
      needs.declared.push_back(id);
      return;
    case Kind::enumeration:
    case Kind::enumeration_64:
      if (type.name() != 0 && type.length() != 0) needs.defined.push_back(id);
      return;
    case Kind::prototype:
      if (!guard_.go_through(id, type.length())) return;
      collect(type.target(), false, needs);
      for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
        collect(type.parameter(number).type, false, needs);
      return;
    default:
      return;
  }
}

void TypeHomes::collect_members(TypeId id, const Type& type, TypeNeeds& needs) const {
  if (!guard_.go_through(id, type.length())) return;
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
    collect(type.member(number).type, true, needs);
}

}  // namespace ikfs::btf
