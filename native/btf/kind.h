#pragma once

#include <cstdint>

namespace ikfs::btf {

/** Number of a type: 0 is void; those of a split BTF follow its base's (Documentation/bpf/btf.rst). */
using TypeId = std::uint32_t;

/** What a type is: the numbers of Documentation/bpf/btf.rst, section 2.2. */
enum class Kind : std::uint8_t {
  void_type = 0,
  integer = 1,
  pointer = 2,
  array = 3,
  structure = 4,
  union_type = 5,
  enumeration = 6,
  forward = 7,
  type_definition = 8,
  volatile_type = 9,
  constant = 10,
  restricted = 11,
  function = 12,
  prototype = 13,
  variable = 14,
  data_section = 15,
  floating = 16,
  declaration_tag = 17,
  type_tag = 18,
  enumeration_64 = 19,
};

constexpr std::uint32_t kind_count = 20;

/** Whether a type of this kind is the type that it refers to, but for a name, a qualifier or a tag. */
constexpr bool is_modifier(Kind kind) {
  return kind == Kind::type_definition || kind == Kind::volatile_type || kind == Kind::constant ||
         kind == Kind::restricted || kind == Kind::type_tag;
}

/** The kind's name as the kernel and bpftool write it: `STRUCT`; `UNKNOWN` for no kind. */
const char* kind_name(Kind kind);

}  // namespace ikfs::btf
