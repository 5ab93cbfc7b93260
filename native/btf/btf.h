#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "btf/kind.h"
#include "core/failure.h"
#include "core/input.h"

namespace ikfs::btf {

class Flattener;

/** A member of a struct or union. */
struct Member {
  std::uint32_t name;
  TypeId type;
  /** Where it begins, in bits from the beginning of the struct. */
  std::uint32_t bit_offset;
  /** Width of a bit field; 0 when it is none (or its width is that of its type's own encoding). */
  std::uint32_t bit_width;
};

/** A constant of an enumeration. */
struct Enumerator {
  std::uint32_t name;
  /** The value's 64 bits: sign-extended for a signed enumeration, else zero-extended. */
  std::uint64_t value;
};

/** A parameter of a prototype; type 0 without a name at the end stands for `...`. */
struct Parameter {
  std::uint32_t name;
  TypeId type;
};

/** A variable in a data section. */
struct SectionEntry {
  TypeId variable;
  std::uint32_t offset;
  std::uint32_t size;
};

/**
 * One type as it is encoded: three words and, for most kinds, more behind them. Words are in this machine's
 * order. What is not of the kind must not be asked for.
 */
class Type {
 public:
  explicit Type(const std::uint32_t* words) : words_(words) {}

  Kind kind() const { return static_cast<Kind>(words_[1] >> 24 & 0x7f); }
  /** Number of members, constants, parameters or variables. Newer kernels use 24 bits of it. */
  std::uint32_t length() const { return words_[1] & 0xffffff; }
  bool flag() const { return words_[1] >> 31 != 0; }
  /** Offset of the name in the strings; 0 when it has none. */
  std::uint32_t name() const { return words_[0]; }
  /** Size in bytes: integers, floats, structs, unions, enumerations, data sections. */
  std::uint32_t size() const { return words_[2]; }
  /** What it refers to: pointers, modifiers, type definitions, functions, prototypes, variables, tags. */
  TypeId target() const { return words_[2]; }

  /** INT: bit 0 signed, bit 1 char, bit 2 bool. */
  std::uint32_t integer_encoding() const { return words_[3] >> 24 & 0x0f; }
  std::uint32_t integer_offset() const { return words_[3] >> 16 & 0xff; }
  std::uint32_t integer_bits() const { return words_[3] & 0xff; }

  TypeId element() const { return words_[3]; }
  TypeId index_type() const { return words_[4]; }
  std::uint32_t element_count() const { return words_[5]; }

  Member member(std::uint32_t number) const {
    const auto* at = words_ + 3 + std::size_t{3} * number;
    if (!flag()) return {at[0], at[1], at[2], 0};
    return {at[0], at[1], at[2] & 0xffffff, at[2] >> 24};
  }

  /** Of ENUM and ENUM64. */
  Enumerator enumerator(std::uint32_t number) const {
    if (kind() == Kind::enumeration_64) {
      const auto* at = words_ + 3 + std::size_t{3} * number;
      return {at[0], std::uint64_t{at[2]} << 32 | at[1]};
    }
    const auto* at = words_ + 3 + std::size_t{2} * number;
    const auto extended = static_cast<std::int64_t>(static_cast<std::int32_t>(at[1]));
    return {at[0], flag() ? static_cast<std::uint64_t>(extended) : at[1]};
  }

  Parameter parameter(std::uint32_t number) const {
    const auto* at = words_ + 3 + std::size_t{2} * number;
    return {at[0], at[1]};
  }

  SectionEntry section_entry(std::uint32_t number) const {
    const auto* at = words_ + 3 + std::size_t{3} * number;
    return {at[0], at[1], at[2]};
  }

  /** VAR: 0 static, 1 global, 2 extern. FUNC has its linkage in `length()`. */
  std::uint32_t variable_linkage() const { return words_[3]; }
  /** DECL_TAG: the member or parameter it is of, or -1 for the type itself. */
  std::int32_t component() const { return static_cast<std::int32_t>(words_[3]); }

  /** All of its words, its head's three first. */
  std::span<const std::uint32_t> words() const { return {words_, word_count(words_[1])}; }

  /**
   * How many words a type has.
   * @param information the second word of its head
   * @returns 0 for no kind
   */
  static constexpr std::size_t word_count(std::uint32_t information) {
    const std::size_t length = information & 0xffffff;
    switch (static_cast<Kind>(information >> 24 & 0x7f)) {
      case Kind::pointer:
      case Kind::forward:
      case Kind::type_definition:
      case Kind::volatile_type:
      case Kind::constant:
      case Kind::restricted:
      case Kind::function:
      case Kind::floating:
      case Kind::type_tag:
        return 3;
      case Kind::integer:
      case Kind::variable:
      case Kind::declaration_tag:
        return 4;
      case Kind::array:
        return 6;
      case Kind::structure:
      case Kind::union_type:
      case Kind::data_section:
      case Kind::enumeration_64:
        return 3 + 3 * length;
      case Kind::enumeration:
      case Kind::prototype:
        return 3 + 2 * length;
      default:
        return 0;
    }
  }

 private:
  const std::uint32_t* words_;
};

/**
 * The types and strings of a BTF, alone or split on a base. Immutable. Every type lies within it with all its
 * words, every name is an offset of a string that ends; what types refer to is not looked at here
 * (validate.h).
 */
class Btf {
 public:
  /**
   * Reads raw BTF of either byte order (Documentation/bpf/btf.rst, section 2). A header longer than 24 bytes
   * is taken for one with more sections, which are skipped.
   * @param bytes need not be aligned, and are not kept
   * @param base what it is split on, or null
   * @returns or fails with `truncated`, `corrupt` or `unsupported` (a version or kind that nobody knows yet),
   * the offset being that in `bytes`
   */
  static Result<std::shared_ptr<const Btf>> parse(Bytes bytes, std::shared_ptr<const Btf> base = nullptr);

  const std::shared_ptr<const Btf>& base() const { return base_; }
  std::endian order() const { return order_; }
  /** How many bytes it was read from belonged neither to the header nor to types or strings. */
  std::size_t stray_bytes() const { return stray_bytes_; }

  /** The number of the first type of its own: 1, or the base's count. */
  TypeId first() const { return first_; }
  /** All types that can be named, void and the base's among them. */
  TypeId count() const { return first_ + static_cast<TypeId>(starts_.size()); }

  /** The type of that number, which is below `count()` and not 0. */
  Type type(TypeId id) const {
    return id < first_ ? base_->type(id) : Type(words_.data() + starts_[id - first_]);
  }

  /** The kind of any number below `count()`. */
  Kind kind(TypeId id) const { return id == 0 ? Kind::void_type : type(id).kind(); }

  /** Where a type of its own begins in the type section, in bytes. */
  std::uint32_t offset_of(TypeId id) const { return starts_[id - first_] * 4; }

  /** The string at an offset, which is below `string_end()`. */
  std::string_view string(std::uint32_t offset) const {
    return offset < string_first_ ? base_->string(offset) : strings_.c_str() + (offset - string_first_);
  }

  /**
   * The beginning of the string at an offset, without a look beyond it: strings may end in each other, and
   * then are far longer in sum than their section.
   * @param most bytes of it
   */
  std::string_view string_start(std::uint32_t offset, std::size_t most) const {
    if (offset < string_first_) return base_->string_start(offset, most);
    const auto* start = strings_.c_str() + (offset - string_first_);
    return {start, strnlen(start, most)};
  }

  std::string_view name_of(TypeId id) const { return id == 0 ? "void" : string(type(id).name()); }

  /** The offset of its own first string: 0, or the end of the base's. */
  std::uint32_t string_first() const { return string_first_; }
  std::uint32_t string_end() const { return string_first_ + static_cast<std::uint32_t>(strings_.size()); }
  /** Its own strings, each followed by a NUL. */
  std::string_view strings() const { return strings_; }
  /** The words of its own types, in this machine's order. */
  std::span<const std::uint32_t> words() const { return words_; }

  /** What flattens BTF that is split on this; made by the first who asks, on any thread, and kept with it. */
  const Flattener& flattener() const;

 private:
  Btf() = default;

  /** Whether the names of a type are offsets of strings; the failure's offset is that in the type. */
  Status check_names(TypeId id) const;

  std::shared_ptr<const Btf> base_;
  std::endian order_ = std::endian::native;
  std::size_t stray_bytes_ = 0;
  TypeId first_ = 1;
  std::uint32_t string_first_ = 0;
  std::vector<std::uint32_t> words_;
  /** Where each type begins, in words. */
  std::vector<std::uint32_t> starts_;
  std::string strings_;
  mutable std::once_flag flattener_is_made_;
  mutable std::shared_ptr<const Flattener> flattener_;
};

}  // namespace ikfs::btf
