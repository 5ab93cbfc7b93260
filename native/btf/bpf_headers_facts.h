#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "btf/btf.h"
#include "btf/name_map.h"

namespace ikfs::btf {

/** What BTF has under a name. Of types that share a name, the one that most other types refer to stands for
 * it. */
class TypeFacts {
 public:
  explicit TypeFacts(const Btf& btf);

  /** The struct, union or enumeration with that tag, with its body; 0 when there is none. */
  TypeId tagged(std::string_view tag) const { return find(tags_, tag); }
  /** The type definition of that name; 0 when there is none. */
  TypeId defined(std::string_view name) const { return find(definitions_, name); }
  /** The enumeration without a name that begins with that constant and that no type refers to; 0 for none. */
  TypeId loose_constants(std::string_view first) const { return find(loose_, first); }
  /** Whether any enumeration has a constant of that name. */
  bool has_constant(std::string_view name) const { return find(constants_, name) != 0; }
  bool has_function(std::string_view name) const;

  /**
   * The type of a member of a struct or union, or of one without a name inside it.
   * @param path `TAG.MEMBER`
   */
  std::optional<TypeId> member(std::string_view path) const;
  /** The number of elements of a member that is an array. */
  std::optional<std::uint32_t> element_count(std::string_view path) const;

  /**
   * Whether all words of a condition hold: `tag:T`, `typedef:T`, `enumerator:N`, `member:T.M`, `array:T.M`,
   * `function:F`, each with `!` before it for the contrary. A word of another form does not hold.
   */
  bool holds(std::string_view condition) const;

 private:
  using Table = NameMap<TypeId>;

  static TypeId find(const Table& table, std::string_view name) {
    const auto* found = table.get(name);
    return found ? *found : 0;
  }
  void note(Table& table, TypeId id);
  bool word_holds(std::string_view word) const;
  std::optional<TypeId> member_of(TypeId id, std::string_view name, unsigned depth) const;
  TypeId bare(TypeId id) const;

  const Btf& btf_;
  std::vector<std::uint32_t> mentions_;
  Table tags_;
  Table definitions_;
  Table loose_;
  Table constants_;
  /** Many, and seldom asked for: collected when one is. */
  mutable std::optional<Table> functions_;
};

}  // namespace ikfs::btf
