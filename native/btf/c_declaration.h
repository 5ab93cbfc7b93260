#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "btf/btf.h"
#include "btf/c_guard.h"
#include "btf/c_layout.h"
#include "btf/c_names.h"
#include "btf/c_text.h"

namespace ikfs::btf {

/** Writes declarations and definitions as bpftool 7.1 does, and the attributes that make their layouts right.
 */
class CDeclaration {
 public:
  CDeclaration(const Btf& btf, CGuard& guard, CText& text);

  /** `TYPE NAME`, around which a type may lie on both sides. @param level of indentation */
  void declare(TypeId id, std::string_view name, unsigned level) { declare(id, name, level, false); }
  /** `struct TAG`, `union TAG`, `enum TAG`. */
  void mention(TypeId id);
  /** A struct or union with its members. */
  void define_record(TypeId id, unsigned level);
  /** An enumeration with its constants. */
  void define_enumeration(TypeId id, unsigned level);
  /** Whether a type is a number by a name that C does not know, which is defined as another's alias. */
  bool has_alias(TypeId id) const { return has_alias_[id]; }
  /** What names types. */
  CNames& names() { return names_; }
  /** What lays types out. */
  CLayout& layout() { return layout_; }
  /** Has an enumeration, or what is an alias, mentioned as the number that it is, or by its name again. */
  void mention_as_number(TypeId id, bool number) { as_number_[id] = number; }
  bool is_mentioned_as_number(TypeId id) const { return as_number_[id]; }
  /** `typedef` of a type definition or an alias. */
  void define_alias(TypeId id);

 private:
  struct Closer {
    TypeId id;
    bool parenthesis;
  };

  /** @param spell_va_list whether what a `va_list` is of stands in its place */
  void declare(TypeId id, std::string_view name, unsigned level, bool spell_va_list);
  bool collect(TypeId id, bool spell_va_list);
  bool is_next(std::size_t bottom, Kind kind) const;
  void write_base(TypeId id, const Type& type, unsigned level);
  void write_qualifiers(std::size_t bottom);
  void drop_qualifiers(std::size_t bottom);
  void write_name(std::string_view name, bool after_pointer);
  void close(const Closer& closer, unsigned level);
  void write_tag_attribute(const Type& type);
  void write_members(TypeId id, const Type& type, const Extent& extent, unsigned level);

  const Btf& btf_;
  CGuard& guard_;
  CText& text_;
  CNames names_;
  CLayout layout_;
  std::vector<bool> has_alias_;
  std::vector<bool> as_number_;
  /** Types from a declared one to its base, of declarations that lie in each other. */
  std::vector<TypeId> chain_;
  std::vector<Closer> closers_;
};

}  // namespace ikfs::btf
