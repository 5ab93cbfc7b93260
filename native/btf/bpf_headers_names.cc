#include "btf/bpf_headers_names.h"

#include <array>
#include <optional>
#include <string_view>

#include "btf/name_map.h"

namespace ikfs::btf {

namespace {

/** Which word stands before the tag of a type; nothing when it has none. */
enum class Keyword : std::uint8_t { struct_word, union_word, enum_word };

std::optional<Keyword> keyword_of(const Type& type) {
  switch (type.kind()) {
    case Kind::structure:
      return Keyword::struct_word;
    case Kind::union_type:
      return Keyword::union_word;
    case Kind::enumeration:
    case Kind::enumeration_64:
      return Keyword::enum_word;
    case Kind::forward:
      return type.flag() ? Keyword::union_word : Keyword::struct_word;
    default:
      return std::nullopt;
  }
}

/** Numbers of the types that have the same tag; the first has none behind it. */
class TagNumbers {
 public:
  /** That of all types of a keyword whose bodies are not told. */
  std::uint32_t shared(Keyword keyword) {
    auto& number = by_keyword_[static_cast<std::size_t>(keyword)];
    if (number == 0) number = another();
    return number;
  }
  std::uint32_t another() { return ++last_; }

 private:
  std::array<std::uint32_t, 3> by_keyword_{};
  std::uint32_t last_ = 0;
};

}  // namespace

void decide_names(const Btf& btf, const TypeFacts& facts, const TypeHomes& homes, CNames& names) {
  NameMap<TagNumbers> tags(btf.count() / 4);
  NameMap<std::uint32_t> identifiers;
  for (TypeId id = 1; id < btf.count(); ++id) {
    const auto type = btf.type(id);
    const auto name = c_name_at(btf, type.name());
    if (name.empty()) continue;
    const auto keyword = keyword_of(type);
    if (keyword && facts.tagged(name) == id)
      names.decide(id, tags.add(name).first.shared(*keyword));
    else if (type.kind() == Kind::type_definition && facts.defined(name) == id)
      names.decide(id, 1);
  }
  for (TypeId id = 1; id < btf.count(); ++id) {
    const auto type = btf.type(id);
    const auto name = c_name_at(btf, type.name());
    if (name.empty()) continue;
    const bool at_home = homes.of(id) != TypeHomes::none;
    if (const auto keyword = keyword_of(type)) {
      if (facts.tagged(name) == id) continue;
      auto& numbers = tags.add(name).first;
      names.decide(id, at_home ? numbers.another() : numbers.shared(*keyword));
    } else if (at_home && type.kind() == Kind::type_definition && facts.defined(name) != id) {
      names.decide(id, 2 + identifiers.add(name).first++);
    }
  }
}

}  // namespace ikfs::btf
