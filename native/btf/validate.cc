#include "btf/validate.h"

#include <string>
#include <vector>

#include "btf/complaint.h"
#include "btf/form.h"
#include "btf/resolver.h"

namespace ikfs::btf {

namespace {

using enum Resolved::Outcome;

/** MAX_RESOLVE_DEPTH of kernel/bpf/btf.c. */
constexpr std::size_t longest_chain = 32;

/** Kinds that declare something: no type of a value, and nothing may refer to one but a tag or a section. */
constexpr bool is_declaration(Kind kind) {
  return kind == Kind::variable || kind == Kind::data_section || kind == Kind::declaration_tag;
}

class Validation {
 public:
  explicit Validation(const Btf& btf) : btf_(btf), resolver_(btf), colors_(btf.count() - btf.first()) {}

  Status run();

 private:
  enum class Color : std::uint8_t { unseen, open, done };

  Status check(TypeId id);
  Status check_referred(TypeId id);
  /** How many modifiers follow one another from a type on, counted until they are too many. */
  std::size_t modifiers_from(TypeId id) const;
  Status check_array(TypeId id);
  Status check_members(TypeId id);
  Status check_member(TypeId id, std::uint32_t number);
  Status check_prototype(TypeId id);
  Status check_section(TypeId id);
  Status check_tag(TypeId id);
  /** Whether a value of a type can be had: it has a size. */
  Status check_value(TypeId id, const std::string& subject, TypeId of, bool may_be_forward = false);
  Status check_pointer_loops();
  Status check_containment();

  Color& color(TypeId id) { return colors_[id - btf_.first()]; }
  /** An integer that is its bytes: no bits of it are left out. */
  bool is_whole_integer(TypeId id) const {
    const auto type = btf_.type(id);
    return type.integer_offset() == 0 && type.integer_bits() == type.size() * 8;
  }

  const Btf& btf_;
  Resolver resolver_;
  std::vector<Color> colors_;
};

Status Validation::run() {
  if (btf_.base() && btf_.base()->order() != btf_.order())
    return Failure{FailureCode::corrupt, "is of another byte order than its base"};
  if (btf_.stray_bytes() > 0) {
    return Failure{FailureCode::corrupt, std::to_string(btf_.stray_bytes()) +
                                             " bytes belong neither to the types nor to the strings"};
  }
  for (auto id = btf_.first(); id < btf_.count(); ++id) {
    if (auto failure = check_form(btf_, id)) return failure;
  }
  for (auto id = btf_.first(); id < btf_.count(); ++id) {
    if (auto failure = check(id)) return failure;
  }
  if (auto failure = check_pointer_loops()) return failure;
  return check_containment();
}

Status Validation::check(TypeId id) {
  switch (btf_.kind(id)) {
    case Kind::pointer:
    case Kind::type_definition:
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::type_tag:
      return check_referred(id);
    case Kind::array:
      return check_array(id);
    case Kind::structure:
    case Kind::union_type:
      return check_members(id);
    case Kind::function: {
      const auto target = btf_.type(id).target();
      if (btf_.kind(target) == Kind::prototype) return {};
      return complaint(btf_, id, shown(btf_, target) + " is no prototype");
    }
    case Kind::prototype:
      return check_prototype(id);
    case Kind::variable:
      return check_value(id, "", btf_.type(id).target());
    case Kind::data_section:
      return check_section(id);
    case Kind::declaration_tag:
      return check_tag(id);
    default:
      return {};
  }
}

Status Validation::check_referred(TypeId id) {
  const auto target = btf_.type(id).target();
  const auto kind = btf_.kind(id);
  const auto target_kind = btf_.kind(target);
  if (target_kind == Kind::type_tag && kind != Kind::type_tag && kind != Kind::pointer)
    return complaint(btf_, id, shown(btf_, target) + " follows it, and tags come first");
  const auto resolved = resolver_.resolve(target);
  const auto end = resolved.outcome == missing ? Kind::void_type : btf_.kind(resolved.id);
  if (resolved.outcome == missing || resolved.outcome == looping ||
      (is_declaration(end) || end == Kind::function))
    return check_value(id, "", target);
  if (is_modifier(kind) && modifiers_from(id) > longest_chain) {
    return complaint(btf_, id,
                     "more than " + std::to_string(longest_chain) + " qualifiers follow one another");
  }
  return {};
}

std::size_t Validation::modifiers_from(TypeId id) const {
  std::size_t count = 0;
  for (; count <= longest_chain && id < btf_.count() && is_modifier(btf_.kind(id)); ++count)
    id = btf_.type(id).target();
  return count;
}

Status Validation::check_value(TypeId id, const std::string& subject, TypeId of, bool may_be_forward) {
  const auto resolved = resolver_.resolve(of);
  const auto number = std::to_string(resolved.id);
  switch (resolved.outcome) {
    case sized:
      return {};
    case missing:
      return complaint(btf_, id, subject + "type " + number + " is none");
    case looping:
      return complaint(btf_, id, subject + "type " + number + " leads back to itself");
    case oversized:
      return complaint(btf_, id, subject + shown(btf_, resolved.id) + " has more than 4 GiB");
    case unsized:
      if (may_be_forward && btf_.kind(resolved.id) == Kind::forward) return {};
      return complaint(btf_, id, subject + shown(btf_, resolved.id) + " has no size");
  }
  return {};
}

Status Validation::check_array(TypeId id) {
  const auto type = btf_.type(id);
  if (auto failure = check_value(id, "its elements: ", type.element())) return failure;
  if (auto failure = check_value(id, "its index: ", type.index_type())) return failure;
  const auto element = resolver_.resolve(type.element());
  if (btf_.kind(element.id) == Kind::integer && !is_whole_integer(element.id))
    return complaint(btf_, id,
                     "its elements: " + shown(btf_, element.id) + " has bits that are no part of it");
  const auto index = resolver_.resolve(type.index_type());
  if (btf_.kind(index.id) != Kind::integer || !is_whole_integer(index.id))
    return complaint(btf_, id, "its index: " + shown(btf_, index.id) + " is no whole integer");
  if (resolver_.resolve(id).outcome == oversized) {
    return complaint(btf_, id,
                     std::to_string(type.element_count()) + " elements of " + std::to_string(element.size) +
                         " bytes are more than 4 GiB");
  }
  return {};
}

Status Validation::check_members(TypeId id) {
  const auto length = btf_.type(id).length();
  for (std::uint32_t number = 0; number < length; ++number) {
    if (auto failure = check_member(id, number)) return failure;
  }
  return {};
}

Status Validation::check_member(TypeId id, std::uint32_t number) {
  const auto type = btf_.type(id);
  const auto member = type.member(number);
  const auto resolved = resolver_.resolve(member.type);
  const auto subject = [&] {
    const auto name = shown(btf_.string(member.name));
    return "member " + std::to_string(number) + (name.empty() ? "" : " (" + name + ")") + ": ";
  };
  if (resolved.outcome != sized) return check_value(id, subject(), member.type);
  const auto kind = btf_.kind(resolved.id);
  std::uint64_t first = member.bit_offset;
  std::uint64_t bits = std::uint64_t{resolved.size} * 8;
  bool in_bits = false;
  if (kind == Kind::integer && !type.flag()) {
    // Before structs had the flag, the integer's own encoding said which bits the member is.
    first += btf_.type(resolved.id).integer_offset();
    bits = btf_.type(resolved.id).integer_bits();
    in_bits = true;
  } else if (kind == Kind::integer && !is_whole_integer(resolved.id)) {
    return complaint(btf_, id, subject() + shown(btf_, resolved.id) + " has bits that are no part of it");
  }
  if (member.bit_width != 0) {
    in_bits = true;
    if (kind != Kind::integer && kind != Kind::enumeration && kind != Kind::enumeration_64)
      return complaint(btf_, id, subject() + shown(btf_, resolved.id) + " can be no bit field");
    // The kernel takes an enumeration for an int here, whatever its size.
    if (member.bit_width > (kind == Kind::enumeration ? 32 : bits)) {
      return complaint(btf_, id,
                       subject() + "its " + std::to_string(member.bit_width) + " bits are more than " +
                           shown(btf_, resolved.id) + " has");
    }
    bits = member.bit_width;
  }
  if (!in_bits && first % 8 != 0)
    return complaint(btf_, id, subject() + "begins at bit " + std::to_string(first) + ", inside of a byte");
  if (in_bits && bits + first % 8 > 128)
    return complaint(btf_, id, subject() + "its bits lie in more than 16 bytes");
  if ((first + bits + 7) / 8 > type.size()) {
    return complaint(btf_, id,
                     subject() + "ends at byte " + std::to_string((first + bits + 7) / 8) + ", outside of " +
                         std::to_string(type.size()) + " bytes");
  }
  return {};
}

Status Validation::check_prototype(TypeId id) {
  const auto type = btf_.type(id);
  if (type.target() != 0) {
    if (auto failure = check_value(id, "what it returns: ", type.target(), true)) return failure;
  }
  for (std::uint32_t number = 0; number < type.length(); ++number) {
    const auto parameter = type.parameter(number);
    if (parameter.type == 0) continue;  // `...`
    const auto outcome = resolver_.resolve(parameter.type).outcome;
    if (outcome == sized) continue;
    const auto name = shown(btf_.string(parameter.name));
    const auto subject =
        "parameter " + std::to_string(number) + (name.empty() ? "" : " (" + name + ")") + ": ";
    if (auto failure = check_value(id, subject, parameter.type, true)) return failure;
  }
  return {};
}

Status Validation::check_section(TypeId id) {
  const auto type = btf_.type(id);
  for (std::uint32_t number = 0; number < type.length(); ++number) {
    const auto entry = type.section_entry(number);
    const auto subject = "variable " + std::to_string(number) + ": ";
    if (btf_.kind(entry.variable) != Kind::variable)
      return complaint(btf_, id, subject + shown(btf_, entry.variable) + " is no variable");
    const auto of = btf_.type(entry.variable).target();
    if (auto failure = check_value(id, subject, of)) return failure;
    const auto size = resolver_.resolve(of).size;
    if (entry.size < size) {
      return complaint(btf_, id,
                       subject + "its " + std::to_string(entry.size) + " bytes do not hold the " +
                           std::to_string(size) + " of " + shown(btf_, entry.variable));
    }
  }
  return {};
}

Status Validation::check_tag(TypeId id) {
  const auto type = btf_.type(id);
  const auto target = type.target();
  std::uint32_t components = 0;
  switch (btf_.kind(target)) {
    case Kind::variable:
    case Kind::type_definition:
      break;
    case Kind::structure:
    case Kind::union_type:
      components = btf_.type(target).length();
      break;
    case Kind::function: {
      const auto prototype = btf_.type(target).target();
      if (prototype < btf_.count() && btf_.kind(prototype) == Kind::prototype)
        components = btf_.type(prototype).length();
      break;
    }
    default:
      return complaint(btf_, id, shown(btf_, target) + " can have no tag");
  }
  if (type.component() == -1 || static_cast<std::uint32_t>(type.component()) < components) return {};
  return complaint(btf_, id,
                   "is of component " + std::to_string(type.component()) + " of " + shown(btf_, target) +
                       ", which has " + std::to_string(components));
}

/** A chain of pointers and modifiers must end: in C, something with a name of its own is always between. */
Status Validation::check_pointer_loops() {
  const auto continues = [&](TypeId id) {
    return id >= btf_.first() && (btf_.kind(id) == Kind::pointer || is_modifier(btf_.kind(id)));
  };
  for (auto start = btf_.first(); start < btf_.count(); ++start) {
    auto id = start;
    for (; continues(id) && color(id) == Color::unseen; id = btf_.type(id).target()) color(id) = Color::open;
    if (continues(id) && color(id) == Color::open)
      return complaint(btf_, id, "leads back to itself, by pointers alone");
    for (id = start; continues(id) && color(id) == Color::open; id = btf_.type(id).target())
      color(id) = Color::done;
  }
  return {};
}

/** No struct contains itself. Types of the base contain none of a split BTF's. */
Status Validation::check_containment() {
  struct Visit {
    TypeId id;
    std::uint32_t next;
  };
  const auto has_members = [&](TypeId id) {
    return btf_.kind(id) == Kind::structure || btf_.kind(id) == Kind::union_type;
  };
  std::vector<Visit> path;
  for (auto start = btf_.first(); start < btf_.count(); ++start) {
    if (!has_members(start) || color(start) != Color::unseen) continue;
    color(start) = Color::open;
    path.push_back({start, 0});
    while (!path.empty()) {
      const auto [id, number] = path.back();
      if (number == btf_.type(id).length()) {
        color(id) = Color::done;
        path.pop_back();
        continue;
      }
      ++path.back().next;
      const auto inner = resolver_.resolve(btf_.type(id).member(number).type).innermost;
      if (inner < btf_.first() || !has_members(inner) || color(inner) == Color::done) continue;
      if (color(inner) == Color::open)
        return complaint(btf_, id,
                         "member " + std::to_string(number) + ": contains " + shown(btf_, inner) + " again");
      color(inner) = Color::open;
      path.push_back({inner, 0});
    }
  }
  return {};
}

}  // namespace

Status validate(const Btf& btf) { return Validation(btf).run(); }

}  // namespace ikfs::btf
