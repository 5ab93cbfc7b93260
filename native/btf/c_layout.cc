#include "btf/c_layout.h"

#include <array>
#include <bit>

#include "btf/c_names.h"

namespace ikfs::btf {

namespace {

/** More than any type of C can have; keeps sums of sizes in bits within 64 bits. */
constexpr std::uint64_t largest_size = std::uint64_t{1} << 48;

bool is_long(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"long",          "long int",          "int long",
                                                  "unsigned long", "long unsigned int", "unsigned long int"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::uint64_t Placement::bit_field(std::uint64_t alignment, std::uint64_t unit, std::uint64_t width) {
  if (union_) at_ = 0;
  if (width == 0 || (!packed_ && at_ % alignment + width > unit)) at_ = rounded_up(at_, alignment);
  const auto offset = at_;
  at_ += width;
  end_ = std::max(end_, at_);
  return offset;
}

std::uint64_t Placement::place(const PlacedMember& member) {
  const auto alignment = packed_ ? 1 : member.extent.alignment;
  alignment_ = std::max(alignment_, alignment);
  if (member.width != 0)
    return bit_field(std::uint64_t{member.extent.alignment} * 8, member.extent.size * 8, member.width);
  if (union_) at_ = 0;
  const auto offset = rounded_up(at_, std::uint64_t{alignment} * 8);
  at_ = offset + member.extent.size * 8;
  end_ = std::max(end_, at_);
  return offset;
}

void Placement::pad(PadUnit unit, unsigned width, std::uint64_t count) {
  bit_field(unit.bits, unit.bits, width);
  if (count < 2) return;
  // Whole units follow each other without a gap.
  at_ += (count - 1) * width;
  end_ = std::max(end_, at_);
}

std::uint64_t Placement::size() const { return rounded_up(rounded_up(end_, 8) / 8, alignment_); }

CLayout::CLayout(const Btf& btf, CGuard& guard)
    : btf_(btf), guard_(guard), extents_(btf.count()), states_(btf.count(), State::unknown) {
  for (TypeId id = 1; id < btf.count(); ++id) {
    const auto type = btf.type(id);
    if (type.kind() != Kind::integer || (type.size() != 4 && type.size() != 8)) continue;
    if (!is_long(c_name_at(btf, type.name()))) continue;
    pointer_size_ = type.size();
    break;
  }
}

Extent CLayout::extent_of(TypeId id) {
  if (states_[id] == State::known) return extents_[id];
  if (states_[id] == State::being_made) {
    guard_.fail(id, "is part of itself");
    return {};
  }
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return {};
  states_[id] = State::being_made;
  const auto made = make(id);
  if (guard_.failed()) return {};
  states_[id] = State::known;
  return extents_[id] = made;
}

/** The alignment of a number: its size, but no more than a pointer's; 128 bits are aligned as a whole on
 * 64-bit machines. */
std::uint32_t CLayout::aligned(std::uint64_t size) const {
  const std::uint64_t most = size == 16 && pointer_size_ == 8 ? 16 : pointer_size_;
  return static_cast<std::uint32_t>(std::bit_floor(std::clamp<std::uint64_t>(size, 1, most)));
}

/** The most that a number is aligned on any machine of this pointer size: on arm 8 bytes are as a whole. */
std::uint32_t CLayout::strictest(std::uint64_t size) const { return size == 8 ? 8 : aligned(size); }

Extent CLayout::make(TypeId id) {
  if (id == 0) return {};
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::integer: {
      Extent extent{
          .size = type.size(), .alignment = aligned(type.size()), .strictest = strictest(type.size())};
      if (type.integer_bits() % 8 != 0 || type.integer_bits() < std::min(type.size(), 16U) * 8)
        extent.narrow_bits = static_cast<std::uint8_t>(type.integer_bits());
      return extent;
    }
    case Kind::enumeration:
    case Kind::enumeration_64:
    case Kind::floating:
      return {.size = type.size(), .alignment = aligned(type.size()), .strictest = strictest(type.size())};
    case Kind::pointer:
      return {.size = pointer_size_, .alignment = pointer_size_, .strictest = pointer_size_};
    case Kind::type_definition: {
      auto extent = extent_of(type.target());
      if (c_name_at(btf_, type.name()) == "__builtin_va_list" && extent.size != pointer_size_)
        extent.foreign_va_list = true;
      return extent;
    }
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::type_tag:
      return extent_of(type.target());
    case Kind::array: {
      const auto element = extent_of(type.element());
      Extent extent{.size = 0,
                    .alignment = element.alignment,
                    .strictest = element.strictest,
                    .foreign_va_list = element.foreign_va_list};
      if (element.size != 0) {
        extent.size = type.element_count() > largest_size / element.size
                          ? largest_size
                          : element.size * type.element_count();
      }
      return extent;
    }
    case Kind::structure:
    case Kind::union_type:
      return make_record(id);
    default:
      return {};
  }
}

PlacedMember CLayout::placed(const Member& member) {
  PlacedMember placed{member, extent_of(member.type), member.bit_offset, member.bit_width};
  if (placed.width == 0) placed.width = placed.extent.narrow_bits;
  return placed;
}

std::vector<PlacedMember> CLayout::members_of(TypeId id, RecordStyle style) {
  const auto type = btf_.type(id);
  std::vector<PlacedMember> members;
  members.reserve(type.length());
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
    members.push_back(placed(type.member(number)));
  if (style == RecordStyle::spelled_out) {
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& one, const auto& other) { return one.offset < other.offset; });
  }
  return members;
}

Extent CLayout::make_record(TypeId id) {
  const auto members = members_of(id, RecordStyle::natural);
  const auto type = btf_.type(id);
  return type.kind() == Kind::union_type ? make_union(type, members) : make_struct(type, members);
}

Extent CLayout::make_union(const Type& type, const std::vector<PlacedMember>& members) const {
  Placement natural(true, false);
  for (const auto& placed : members) natural.place(placed);
  Extent extent{.size = type.size(), .alignment = natural.alignment()};
  for (const auto& placed : members) extent.strictest = std::max(extent.strictest, placed.extent.strictest);
  if (natural.size() > type.size() || type.size() % extent.strictest != 0) {
    extent.style = RecordStyle::packed;
    extent.strictest = 1;
    extent.alignment = 1;
    Placement packed(true, true);
    for (const auto& placed : members) packed.place(placed);
    extent.padded = packed.size() < type.size();
  } else {
    extent.padded = natural.size() < type.size();
  }
  return extent;
}

Extent CLayout::make_struct(const Type& type, const std::vector<PlacedMember>& members) const {
  Extent extent{.size = type.size()};
  std::uint32_t alignment = 1;
  for (const auto& placed : members) {
    alignment = std::max(alignment, placed.extent.strictest);
    if (placed.width == 0 && placed.offset % (std::uint64_t{placed.extent.strictest} * 8) != 0)
      extent.style = RecordStyle::packed;
  }
  if (type.size() % alignment != 0) extent.style = RecordStyle::packed;
  if (!holds(type, members, extent)) {
    extent.style = RecordStyle::spelled_out;
    extent.alignment = 1;
  }
  extent.strictest = extent.style == RecordStyle::natural ? std::max(alignment, extent.alignment) : 1;
  return extent;
}

/** Whether a struct written in the extent's style is laid out as it should be; finds its alignment. */
bool CLayout::holds(const Type& type, const std::vector<PlacedMember>& members, Extent& extent) const {
  const bool packed = extent.style != RecordStyle::natural;
  Placement placement(false, packed);
  const auto pad = [&](PadUnit unit, unsigned width, std::uint64_t count) {
    placement.pad(unit, width, count);
  };
  std::uint64_t at = 0;
  std::uint32_t alignment = 1;
  bool after_bit_field = false;
  for (const auto& placed : members) {
    alignment = std::max(alignment, placed.extent.alignment);
    fill_gap(at, placed.offset, packed ? 1 : placed.extent.alignment, after_bit_field && placed.width != 0,
             pad);
    if (placement.place(placed) != placed.offset) return false;
    at = placed.end();
    after_bit_field = placed.width != 0;
  }
  fill_gap(at, std::uint64_t{type.size()} * 8, packed ? 1 : alignment, false, pad);
  extent.alignment = placement.alignment();
  return placement.size() == type.size();
}

}  // namespace ikfs::btf
