#include "btf/resolver.h"

#include <algorithm>
#include <array>

namespace ikfs::btf {

using enum Resolved::Outcome;

Resolved Resolver::resolve(TypeId id) {
  Resolved found{};
  path_.clear();
  for (;;) {
    if (id >= btf_.count()) {
      found = {missing, id, id, 0};
      break;
    }
    const auto kind = btf_.kind(id);
    const bool array = kind == Kind::array;
    if (!array && !is_modifier(kind)) {
      found = itself(id);
      break;
    }
    auto& known_of_it = known(id);
    if (known_of_it.state == Known::State::resolved) {
      found = known_of_it.resolved;
      break;
    }
    if (known_of_it.state == Known::State::being_resolved) {
      found = {looping, id, id, 0};
      break;
    }
    known_of_it.state = Known::State::being_resolved;
    path_.push_back(id);
    id = array ? btf_.type(id).element() : btf_.type(id).target();
  }
  for (; !path_.empty(); path_.pop_back()) {
    const auto at = path_.back();
    if (btf_.kind(at) == Kind::array && found.outcome != missing && found.outcome != looping) {
      found.id = at;
      const auto size = std::uint64_t{found.size} * btf_.type(at).element_count();
      if (found.outcome == sized && size > UINT32_MAX) found.outcome = oversized;
      found.size = found.outcome == sized ? static_cast<std::uint32_t>(size) : 0;
    }
    known(at) = {Known::State::resolved, found};
  }
  return found;
}

Resolved Resolver::itself(TypeId id) {
  switch (btf_.kind(id)) {
    case Kind::integer:
    case Kind::structure:
    case Kind::union_type:
    case Kind::enumeration:
    case Kind::enumeration_64:
    case Kind::floating:
      return {sized, id, id, btf_.type(id).size()};
    case Kind::pointer:
      return {sized, id, id, pointer_size()};
    default:
      return {unsized, id, id, 0};
  }
}

std::uint32_t Resolver::pointer_size() {
  if (pointer_size_ != 0) return pointer_size_;
  // As gcc and clang write it: among the first types of a kernel, hence soon found.
  static constexpr std::array<std::string_view, 4> longs{"long int", "long unsigned int", "long",
                                                         "unsigned long"};
  pointer_size_ = 8;
  for (TypeId id = 1; id < btf_.count(); ++id) {
    const auto type = btf_.type(id);
    if (type.kind() != Kind::integer || (type.size() != 4 && type.size() != 8)) continue;
    const auto name = btf_.string_start(type.name(), longs[1].size() + 1);
    if (std::find(longs.begin(), longs.end(), name) == longs.end()) continue;
    pointer_size_ = type.size();
    break;
  }
  return pointer_size_;
}

}  // namespace ikfs::btf
