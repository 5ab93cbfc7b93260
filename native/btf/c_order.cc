#include "btf/c_order.h"

#include <algorithm>
#include <string>

#include "btf/references.h"

namespace ikfs::btf {

bool all_refer_to_types(const Btf& btf, CGuard& guard) {
  const auto end = btf.count();
  for (TypeId id = 1; id < end; ++id) {
    TypeId highest = 0;
    visit_references(
        btf.type(id).words(), [](std::uint32_t) {},
        [&](TypeId target) { highest = std::max(highest, target); });
    if (highest >= end)
      return guard.fail(id, "refers to type " + std::to_string(highest) + " of " + std::to_string(end));
  }
  return true;
}

COrder::COrder(const Btf& btf, CGuard& guard)
    : btf_(btf), guard_(guard), states_(btf.count(), State::unseen), mentioned_(btf.count()) {
  states_[0] = State::ordered;
}

void COrder::note_mentions(TypeId from, TypeId to) {
  for (TypeId id = from; id < to; ++id)
    visit_references(
        btf_.type(id).words(), [](std::uint32_t) {}, [&](TypeId target) { mentioned_[target] = true; });
}

const std::vector<TypeId>& COrder::definitions_for(TypeId id) {
  queue_.clear();
  visit(id, false);
  return queue_;
}

COrder::Link COrder::visit(TypeId id, bool through_pointer) {
  if (states_[id] == State::ordered) return Link::strong;
  const CVisit visit_of_it(guard_, id);
  if (!visit_of_it.allowed()) return Link::weak;
  const auto type = btf_.type(id);
  auto& state = states_[id];
  if (state == State::begun) {
    // A forward declaration does for what has a name.
    if (!through_pointer || type.name() == 0) guard_.fail(id, "is part of itself");
    return Link::weak;
  }
  switch (type.kind()) {
    case Kind::pointer: {
      const auto link = visit(type.target(), true);
      state = State::ordered;
      return link;
    }
    case Kind::array:
      return visit(type.element(), false);
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::type_tag:
      return visit(type.target(), through_pointer);
    case Kind::structure:
    case Kind::union_type:
      return visit_record(id, type, through_pointer);
    case Kind::enumeration:
    case Kind::enumeration_64:
    case Kind::forward:
      // What has no name is written where it is mentioned.
      if (type.name() != 0 || (!mentioned_[id] && type.length() != 0)) queue_.push_back(id);
      state = State::ordered;
      return Link::strong;
    case Kind::type_definition:
      if (visit(type.target(), through_pointer) == Link::weak && through_pointer) return Link::weak;
      queue_.push_back(id);
      state = State::ordered;
      return Link::strong;
    case Kind::prototype:
      return visit_prototype(id, type, through_pointer);
    default:
      state = State::ordered;
      return Link::weak;
  }
}

COrder::Link COrder::visit_record(TypeId id, const Type& type, bool through_pointer) {
  if (through_pointer && type.name() != 0) return Link::weak;
  if (!guard_.go_through(id, type.length())) return Link::weak;
  states_[id] = State::begun;
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
    visit(type.member(number).type, false);
  if (type.name() != 0) queue_.push_back(id);
  states_[id] = State::ordered;
  return Link::strong;
}

COrder::Link COrder::visit_prototype(TypeId id, const Type& type, bool through_pointer) {
  if (!guard_.go_through(id, type.length())) return Link::weak;
  auto link = visit(type.target(), through_pointer);
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number) {
    if (visit(type.parameter(number).type, through_pointer) == Link::strong) link = Link::strong;
  }
  return link;
}

}  // namespace ikfs::btf
