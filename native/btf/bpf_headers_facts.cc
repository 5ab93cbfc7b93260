#include "btf/bpf_headers_facts.h"

#include "btf/c_names.h"
#include "btf/references.h"

namespace ikfs::btf {

namespace {

/** How deep structs without a name are looked into. */
constexpr unsigned deepest = 16;
/** How many modifiers are looked through. */
constexpr unsigned most_modifiers = 32;

void keep_first(NameMap<TypeId>& table, std::string_view name, TypeId id) {
  const auto [kept, is_new] = table.add(name);
  if (is_new) kept = id;
}

}  // namespace

TypeFacts::TypeFacts(const Btf& btf)
    : btf_(btf), mentions_(btf.count()), tags_(btf.count() / 8), constants_(btf.count() / 8) {
  for (TypeId id = 1; id < btf.count(); ++id)
    visit_references(
        btf.type(id).words(), [](std::uint32_t) {}, [&](TypeId target) { ++mentions_[target]; });
  for (TypeId id = 1; id < btf.count(); ++id) {
    const auto type = btf.type(id);
    switch (type.kind()) {
      case Kind::structure:
      case Kind::union_type:
        if (type.name() != 0) note(tags_, id);
        break;
      case Kind::enumeration:
      case Kind::enumeration_64:
        if (type.length() == 0) break;
        if (type.name() != 0)
          note(tags_, id);
        else if (mentions_[id] == 0)
          keep_first(loose_, c_name_at(btf, type.enumerator(0).name), id);
        for (std::uint32_t number = 0; number < type.length(); ++number)
          keep_first(constants_, c_name_at(btf, type.enumerator(number).name), id);
        break;
      case Kind::type_definition:
        note(definitions_, id);
        break;
      default:
        break;
    }
  }
}

bool TypeFacts::has_function(std::string_view name) const {
  if (!functions_) {
    functions_.emplace(btf_.count() / 2);
    for (TypeId id = 1; id < btf_.count(); ++id) {
      if (btf_.kind(id) == Kind::function) keep_first(*functions_, c_name_at(btf_, btf_.type(id).name()), id);
    }
  }
  return find(*functions_, name) != 0;
}

void TypeFacts::note(Table& table, TypeId id) {
  auto [kept, is_new] = table.add(c_name_at(btf_, btf_.type(id).name()));
  if (is_new || mentions_[id] > mentions_[kept]) kept = id;
}

TypeId TypeFacts::bare(TypeId id) const {
  for (unsigned passed = 0; passed < most_modifiers && is_modifier(btf_.kind(id)); ++passed)
    id = btf_.type(id).target();
  return id;
}

std::optional<TypeId> TypeFacts::member(std::string_view path) const {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto tag = path.substr(0, dot);
  auto id = tagged(tag);
  if (id == 0) id = bare(defined(tag));
  return member_of(id, path.substr(dot + 1), 0);
}

std::optional<TypeId> TypeFacts::member_of(TypeId id, std::string_view name, unsigned depth) const {
  const auto kind = btf_.kind(id);
  if (depth > deepest || (kind != Kind::structure && kind != Kind::union_type)) return std::nullopt;
  const auto type = btf_.type(id);
  for (std::uint32_t number = 0; number < type.length(); ++number) {
    const auto member = type.member(number);
    if (member.name != 0) {
      if (c_name_at(btf_, member.name) == name) return member.type;
      continue;
    }
    if (const auto inner = member_of(bare(member.type), name, depth + 1)) return inner;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> TypeFacts::element_count(std::string_view path) const {
  const auto found = member(path);
  if (!found) return std::nullopt;
  const auto id = bare(*found);
  if (btf_.kind(id) != Kind::array) return std::nullopt;
  return btf_.type(id).element_count();
}

bool TypeFacts::holds(std::string_view condition) const {
  while (!condition.empty()) {
    const auto end = std::min(condition.find(' '), condition.size());
    auto word = condition.substr(0, end);
    condition.remove_prefix(std::min(end + 1, condition.size()));
    if (word.empty()) continue;
    const bool wanted = word[0] != '!';
    if (!wanted) word.remove_prefix(1);
    if (word_holds(word) != wanted) return false;
  }
  return true;
}

bool TypeFacts::word_holds(std::string_view word) const {
  const auto colon = word.find(':');
  if (colon == std::string_view::npos) return false;
  const auto what = word.substr(0, colon);
  const auto name = word.substr(colon + 1);
  if (what == "tag") return tagged(name) != 0;
  if (what == "typedef") return defined(name) != 0;
  if (what == "enumerator") return has_constant(name);
  if (what == "member") return member(name).has_value();
  if (what == "array") return element_count(name).has_value();
  if (what == "function") return has_function(name);
  return false;
}

}  // namespace ikfs::btf
