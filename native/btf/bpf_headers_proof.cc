#include "btf/bpf_headers_proof.h"

#include "btf/c_names.h"
#include "btf/c_number.h"
#include "btf/references.h"

namespace ikfs::btf {

namespace {

/** What a member is, or is an array of. */
TypeId base_of(const Btf& btf, TypeId id) {
  for (unsigned passed = 0; passed < CGuard::deepest && id != 0; ++passed) {
    const auto type = btf.type(id);
    if (type.kind() == Kind::array)
      id = type.element();
    else if (is_modifier(type.kind()))
      id = type.target();
    else
      return id;
  }
  return 0;
}

constexpr bool is_number_size(std::uint32_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

/** Whether C has a number by that name, or one that is written in its place, of the size that BTF says. */
bool has_number_size(const Btf& btf, const Type& type, const CLayout& layout) {
  const auto name = c_name_at(btf, type.name());
  if (is_c_number(name)) return c_number_size(name, layout.pointer_size()) == type.size();
  if (type.kind() == Kind::floating) return type.size() == 4 || type.size() == 8;
  return is_number_size(type.size()) || type.size() == 16;
}

/** Whether a member is of a type that C can have there, and as large as BTF says. */
bool is_sayable(const Btf& btf, CGuard& guard, CLayout& layout, const PlacedMember& placed) {
  const auto id = base_of(btf, placed.member.type);
  if (id == 0) return false;
  const auto type = btf.type(id);
  const bool is_number =
      type.kind() == Kind::integer || type.kind() == Kind::enumeration || type.kind() == Kind::enumeration_64;
  if (placed.width != 0 && (!is_number || placed.width > placed.extent.size * 8)) return false;
  switch (type.kind()) {
    case Kind::integer:
    case Kind::floating:
      return has_number_size(btf, type, layout);
    case Kind::enumeration:
    case Kind::enumeration_64:
      return is_number_size(type.size());
    case Kind::structure:
    case Kind::union_type:
      return type.name() != 0 || has_layout_of_btf(btf, guard, layout, id);
    case Kind::pointer:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_c_enumeration(const Type& type) {
  if (!is_number_size(type.size())) return false;
  if (type.size() == 8) return true;
  const auto bits = type.size() * 8;
  const bool wide = type.kind() == Kind::enumeration_64;
  for (std::uint32_t number = 0; number < type.length(); ++number) {
    const auto value = type.enumerator(number).value;
    // What was compiled long ago does not tell that constants have a sign.
    const auto with_sign =
        wide ? static_cast<std::int64_t>(value) : std::int64_t{static_cast<std::int32_t>(value)};
    const bool fits_with_sign = (type.flag() || !wide) && with_sign >> (bits - 1) == with_sign >> 63;
    if (!fits_with_sign && (type.flag() || value >> bits != 0)) return false;
  }
  return true;
}

bool has_layout_of_btf(const Btf& btf, CGuard& guard, CLayout& layout, TypeId id) {
  const CVisit visit(guard, id);
  if (!visit.allowed()) return false;
  const auto type = btf.type(id);
  const auto extent = layout.extent_of(id);
  const bool is_struct = type.kind() == Kind::structure;
  const bool natural = extent.style == RecordStyle::natural;
  Placement placement(!is_struct, !natural);
  const auto pad = [&](PadUnit unit, unsigned width, std::uint64_t count) {
    placement.pad(unit, width, count);
  };
  std::uint64_t at = 0;
  bool after_bit_field = false;
  const auto fill = [&](std::uint64_t next, std::uint32_t alignment, bool in_bit_field) {
    if (!is_struct || next <= at) return;
    if (extent.style == RecordStyle::spelled_out)
      layout.fill_units(next - at, layout.long_unit(), pad);
    else
      layout.fill_gap(at, next, alignment, in_bit_field, pad);
  };
  bool same = true;
  layout.visit_members(id, [&](const PlacedMember& placed) {
    fill(placed.offset, natural ? placed.extent.alignment : 1, after_bit_field && placed.width != 0);
    same = same && placement.place(placed) == placed.member.bit_offset;
    at = placed.end();
    after_bit_field = placed.width != 0;
    same = same && is_sayable(btf, guard, layout, placed);
  });
  fill(std::uint64_t{type.size()} * 8, extent.alignment, false);
  if (!same || guard.failed()) return false;
  if (extent.padded) return placement.size() <= type.size() && type.size() % placement.alignment() == 0;
  return placement.size() == type.size();
}

}  // namespace ikfs::btf
