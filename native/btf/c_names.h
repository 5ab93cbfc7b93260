#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "btf/btf.h"
#include "btf/c_text.h"
#include "btf/name_map.h"

namespace ikfs::btf {

/**
 * The name at an offset of the strings, or the beginning of one that is far longer than those that a kernel
 * accepts, of 511 bytes (kernel/bpf/btf.c, __btf_name_valid).
 */
inline std::string_view c_name_at(const Btf& btf, std::uint32_t offset) {
  return btf.string_start(offset, 1023);
}

/** What is known of a name. */
struct CNameUse {
  /** How often it has been given. */
  std::uint32_t count = 0;
  /** For a tag that was only declared before anything got it: of what kind. */
  Kind declared = Kind::void_type;
};

/** How often each name has been given. */
using CNameTable = NameMap<CNameUse>;

/**
 * The names of what is declared. BTF may have a name several times (types of several units that differ); in
 * C, each that comes later gets `___2`, `___3` behind it, which bpftool and CO-RE relocations take for
 * flavors of one type (libbpf, bpf_core_essential_name_len). What is only declared shares the name of what is
 * defined. A name that is no identifier of C is made one.
 */
class CNames {
 public:
  CNames(const Btf& btf, CText& text)
      : btf_(btf), text_(text), tags_(usual_names), identifiers_(usual_names), numbers_(btf.count()) {}

  /**
   * Decides a type's name instead of the order in which names are written: its own for 1, with a number
   * behind it for more, or its own behind `prefix` for `prefixed`.
   */
  void decide(TypeId id, std::uint32_t number) { numbers_[id] = number; }
  static constexpr std::uint32_t prefixed = UINT32_MAX;
  static constexpr std::string_view prefix = "ikfs_";

  /** Writes the tag of a struct, union, enumeration or forward declaration; nothing when it has none. */
  void write_tag(TypeId id);
  /** Writes the identifier that a type definition, or a number that C does not know, declares. */
  void write_identifier(TypeId id);
  /** The same, not written. */
  std::string identifier(TypeId id);
  /** Writes the name of a constant, which is a new one each time. */
  void write_enumerator(std::uint32_t name);
  /** Writes the name of a member or parameter; nothing for none. */
  void write_plain(std::string_view name);

 private:
  std::uint32_t number_of_tag(TypeId id, std::string_view name);
  std::uint32_t take(CNameTable& table, std::string_view name);
  void write(std::string_view name, std::uint32_t number);
  std::string_view legal(std::string_view name);
  bool is_real_name(const std::string& name);

  static constexpr std::size_t usual_names = 1 << 11;

  const Btf& btf_;
  CText& text_;
  CNameTable tags_;
  CNameTable identifiers_;
  /** By type: 0 when it has not been named yet, else its number among those of its name. */
  std::vector<std::uint32_t> numbers_;
  /** Names with a number, which the tables point to. */
  std::unordered_set<std::string> made_;
  /** By name that is no identifier: what stands for it. */
  std::unordered_map<std::string_view, std::string> legal_;
  /** Names in the BTF that look as if they had been made here; collected when the first is made. */
  std::unordered_set<std::string> numbered_names_;
  bool collected_ = false;
};

}  // namespace ikfs::btf
