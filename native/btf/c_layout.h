#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "btf/btf.h"
#include "btf/c_guard.h"

namespace ikfs::btf {

/** How a struct or union is written so that a compiler gives it the layout that BTF has. */
enum class RecordStyle : std::uint8_t {
  /** Its members and what pads them. */
  natural,
  /** The same, and it is packed. */
  packed,
  /** Packed, and every gap is written out, in the order of the members' offsets. */
  spelled_out,
};

/** What a type takes up where a compiler reads what is written for it. */
struct Extent {
  /** In bytes. */
  std::uint64_t size = 0;
  /** In bytes; of a struct, that which it has as it is written. */
  std::uint32_t alignment = 1;
  /** The most that a compiler may align it: of 32-bit machines i386 aligns 8 bytes like 4, arm does not. */
  std::uint32_t strictest = 1;
  RecordStyle style = RecordStyle::natural;
  /** An INT that is narrower than its bytes: its width in bits; else 0. Only BTF from before Linux 4.20 has
   * these. */
  std::uint8_t narrow_bits = 0;
  /** Whether it is a `va_list` that has another size for `-target bpf`, where it is a pointer. */
  bool foreign_va_list = false;
  /** Whether something pads the union to its size. */
  bool padded = false;
};

/** A member with what its type says of a bit field. */
struct PlacedMember {
  Member member;
  Extent extent;
  /** In bits. */
  std::uint64_t offset;
  /** In bits; 0 for what is no bit field. */
  std::uint32_t width;

  std::uint64_t end() const { return offset + (width != 0 ? width : extent.size * 8); }
};

/** A type of unnamed bit fields that pad. */
struct PadUnit {
  const char* name;
  unsigned bits;
};

/**
 * Places members one after the other as C compilers do where `-target bpf`, x86-64 and arm64 agree: bit
 * fields share the units of their types, `: 0` moves on to the next unit even when packed, unnamed ones align
 * nothing.
 */
class Placement {
 public:
  Placement(bool is_union, bool packed) : union_(is_union), packed_(packed) {}

  /** @returns the member's offset in bits */
  std::uint64_t place(const PlacedMember& member);
  /** An unnamed bit field, `count` times. @param width 0 to align the next */
  void pad(PadUnit unit, unsigned width, std::uint64_t count);

  /** In bytes. */
  std::uint64_t size() const;
  std::uint32_t alignment() const { return alignment_; }

 private:
  std::uint64_t bit_field(std::uint64_t alignment, std::uint64_t unit, std::uint64_t width);

  bool union_;
  bool packed_;
  std::uint64_t at_ = 0;
  std::uint64_t end_ = 0;
  std::uint32_t alignment_ = 1;
};

/** Sizes and alignments of types, and the style of each struct and union. */
class CLayout {
 public:
  CLayout(const Btf& btf, CGuard& guard);

  /** Bytes of a pointer: those of `long`, 8 where the BTF has none. */
  std::uint32_t pointer_size() const { return pointer_size_; }

  /** @returns what a type takes up; nothing when the guard has failed */
  Extent extent_of(TypeId id);

  /** Visits the members of a struct or union, whose extent is known, in the order in which they are written.
   */
  template <typename Visit>
  void visit_members(TypeId id, Visit visit);

  /**
   * What pads a gap in a struct, as bpftool 7.1 writes it (libbpf 1.1, btf_dump_emit_bit_padding).
   * @param at where the last member ends, in bits
   * @param next where the next begins, in bits; not before `at`
   * @param alignment of the next, in bytes
   * @param in_bit_field whether the gap lies between two bit fields
   * @param pad called with the unnamed bit field's type, its width, and how many there are
   */
  template <typename Pad>
  void fill_gap(std::uint64_t at, std::uint64_t next, std::uint32_t alignment, bool in_bit_field,
                Pad pad) const;

  /** What fills bits of a packed struct completely. @param unit the largest type, of which most is made */
  template <typename Pad>
  void fill_units(std::uint64_t bits, PadUnit unit, Pad pad) const;

  PadUnit long_unit() const { return {"long", pointer_size_ * 8}; }

 private:
  enum class State : std::uint8_t { unknown, being_made, known };

  /** The smallest type that has so many bits. */
  static PadUnit smallest_unit(unsigned bits) {
    return bits <= 8    ? PadUnit{"char", 8}
           : bits <= 16 ? PadUnit{"short", 16}
           : bits <= 32 ? PadUnit{"int", 32}
                        : PadUnit{"long", 64};
  }

  PlacedMember placed(const Member& member);
  /** All members, those of a spelled out struct by their offsets. */
  std::vector<PlacedMember> members_of(TypeId id, RecordStyle style);
  Extent make(TypeId id);
  Extent make_record(TypeId id);
  Extent make_union(const Type& type, const std::vector<PlacedMember>& members) const;
  Extent make_struct(const Type& type, const std::vector<PlacedMember>& members) const;
  bool holds(const Type& type, const std::vector<PlacedMember>& members, Extent& extent) const;
  std::uint32_t aligned(std::uint64_t size) const;
  std::uint32_t strictest(std::uint64_t size) const;

  const Btf& btf_;
  CGuard& guard_;
  std::uint32_t pointer_size_ = 8;
  std::vector<Extent> extents_;
  std::vector<State> states_;
};

constexpr std::uint64_t rounded_up(std::uint64_t number, std::uint64_t multiple) {
  return (number + multiple - 1) / multiple * multiple;
}

template <typename Visit>
void CLayout::visit_members(TypeId id, Visit visit) {
  if (extents_[id].style == RecordStyle::spelled_out) {
    for (const auto& member : members_of(id, RecordStyle::spelled_out)) visit(member);
    return;
  }
  const auto type = btf_.type(id);
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
    visit(placed(type.member(number)));
}

template <typename Pad>
void CLayout::fill_gap(std::uint64_t at, std::uint64_t next, std::uint32_t alignment, bool in_bit_field,
                       Pad pad) const {
  if (at >= next) return;
  // The largest unit that ends before the next member.
  auto unit = long_unit();
  while (unit.bits > 8 && rounded_up(at, unit.bits) > next) unit = smallest_unit(unit.bits / 2);
  const auto boundary = rounded_up(at, unit.bits);
  if (boundary > at && boundary <= next) {
    // A compiler gets there by itself, unless it would stop before or go on in the begun unit.
    const bool stops_before = boundary == next && rounded_up(at, std::uint64_t{alignment} * 8) != boundary;
    const bool goes_on = boundary != next && next - boundary <= boundary - at;
    if (in_bit_field || stops_before || goes_on)
      pad(unit, in_bit_field ? static_cast<unsigned>(boundary - at) : 0, 1);
    at = boundary;
  }
  fill_units(next - at, unit, pad);
}

template <typename Pad>
void CLayout::fill_units(std::uint64_t bits, PadUnit unit, Pad pad) const {
  if (bits >= unit.bits) pad(unit, unit.bits, bits / unit.bits);
  const auto rest = static_cast<unsigned>(bits % unit.bits);
  if (rest != 0) pad(smallest_unit(rest), rest, 1);
}

}  // namespace ikfs::btf
