/** Definitions of structs, unions and enumerations: the members of CDeclaration that write braces. */
#include <bit>
#include <vector>

#include "btf/c_declaration.h"

namespace ikfs::btf {

void CDeclaration::define_record(TypeId id, unsigned level) {
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return;
  const auto type = btf_.type(id);
  mention(id);
  text_.add(" {");
  const auto extent = layout_.extent_of(id);
  if (guard_.failed()) return;
  write_members(id, type, extent, level + 1);
  if (type.length() != 0 || (type.kind() == Kind::structure && type.size() != 0) || extent.padded)
    text_.add_line(level);
  text_.add('}');
  if (extent.style != RecordStyle::natural) text_.add(" __attribute__((packed))");
}

void CDeclaration::write_members(TypeId id, const Type& type, const Extent& extent, unsigned level) {
  const bool is_struct = type.kind() == Kind::structure;
  const bool spelled_out = extent.style == RecordStyle::spelled_out;
  const auto pad = [&](PadUnit unit, unsigned width, std::uint64_t count) {
    for (; count > 0 && !guard_.failed(); --count) {
      text_.add_line(level);
      text_.add(unit.name);
      text_.add(": ");
      text_.add_number(width);
      text_.add(';');
    }
  };
  std::uint64_t at = 0;
  bool after_bit_field = false;
  const auto fill = [&](std::uint64_t next, std::uint32_t alignment, bool in_bit_field) {
    if (!is_struct || next <= at || text_.muted()) return;
    if (spelled_out) {
      layout_.fill_units(next - at, layout_.long_unit(), pad);
    } else {
      layout_.fill_gap(at, next, alignment, in_bit_field, pad);
    }
  };
  const auto write = [&](const PlacedMember& placed) {
    const bool is_bit_field = placed.width != 0;
    const auto alignment = extent.style == RecordStyle::natural ? placed.extent.alignment : 1;
    fill(placed.offset, alignment, after_bit_field && is_bit_field);
    text_.add_line(level);
    declare(placed.member.type, c_name_at(btf_, placed.member.name), level, true);
    if (is_bit_field) {
      text_.add(": ");
      text_.add_number(placed.width);
    }
    text_.add(';');
    at = placed.end();
    after_bit_field = is_bit_field;
  };
  layout_.visit_members(id, write);
  if (guard_.failed()) return;
  fill(std::uint64_t{type.size()} * 8, extent.alignment, false);
  if (!extent.padded) return;
  // Unlike an unnamed bit field, an array may be of any length.
  text_.add_line(level);
  text_.add("unsigned char __padding_");
  text_.add_number(id);
  text_.add('[');
  text_.add_number(type.size());
  text_.add("];");
}

void CDeclaration::define_enumeration(TypeId id, unsigned level) {
  const auto type = btf_.type(id);
  mention(id);
  const auto count = type.length();
  if (count == 0) return;
  text_.add(" {");
  const bool wide = type.kind() == Kind::enumeration_64;
  // Whether a compiler gives it 64 bits by itself, as a constant has more than 32.
  bool needs_64_bits = false;
  for (std::uint32_t number = 0; number < count && !guard_.failed(); ++number) {
    const auto enumerator = type.enumerator(number);
    const auto value = static_cast<std::int64_t>(enumerator.value);
    text_.add_line(level + 1);
    names_.write_enumerator(enumerator.name);
    text_.add(" = ");
    const bool is_signed = type.flag();
    if (is_signed) {
      text_.add_signed(value);
      needs_64_bits |= value < INT32_MIN || value > INT32_MAX;
    } else {
      text_.add_number(enumerator.value);
      needs_64_bits |= enumerator.value > UINT32_MAX;
    }
    if (wide) text_.add(is_signed ? "LL" : "ULL");
    text_.add(',');
  }
  text_.add_line(level);
  text_.add('}');
  if (type.size() == 1) text_.add(" __attribute__((mode(byte)))");
  if (type.size() == 2) text_.add(" __attribute__((mode(HI)))");
  if (type.size() == 8 && !needs_64_bits) text_.add(" __attribute__((mode(DI)))");
}

}  // namespace ikfs::btf
