#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "btf/btf.h"
#include "btf/builder.h"

namespace ikfs::test {

using Raw = std::vector<std::uint8_t>;
using SharedBtf = std::shared_ptr<const btf::Btf>;

/** Small BTF as a test wants it, right or wrong. */
class BtfSample : public btf::Builder {
 public:
  struct Member {
    std::string_view name;
    btf::TypeId type;
    std::uint32_t bit_offset;
    std::uint32_t bit_width = 0;
  };
  using Named = std::vector<std::pair<std::string_view, std::uint32_t>>;

  using btf::Builder::Builder;
  /** Split on a base. */
  explicit BtfSample(const btf::Btf& base) : btf::Builder(base.count(), base.string_end()) {}

  /** A type of three words, and more. */
  btf::TypeId type(btf::Kind kind, std::string_view name, std::uint32_t third, std::uint32_t length = 0,
                   bool flag = false, const std::vector<std::uint32_t>& more = {});
  /** @param encoding bit 0 signed, bit 1 char, bit 2 bool */
  btf::TypeId integer(std::string_view name, std::uint32_t size, std::uint32_t encoding = 0);
  btf::TypeId pointer(btf::TypeId to) { return type(btf::Kind::pointer, "", to); }
  btf::TypeId constant(btf::TypeId of) { return type(btf::Kind::constant, "", of); }
  btf::TypeId definition(std::string_view name, btf::TypeId of) {
    return type(btf::Kind::type_definition, name, of);
  }
  btf::TypeId forward(std::string_view name, bool of_union = false) {
    return type(btf::Kind::forward, name, 0, 0, of_union);
  }
  btf::TypeId array(btf::TypeId element, btf::TypeId index, std::uint32_t count);
  /** A struct, with the flag when a member is a bit field. */
  btf::TypeId structure(std::string_view name, std::uint32_t size, const std::vector<Member>& members,
                        btf::Kind kind = btf::Kind::structure);
  btf::TypeId enumeration(std::string_view name, std::uint32_t size, const Named& constants);
  btf::TypeId prototype(btf::TypeId returned, const Named& parameters);
  btf::TypeId function(std::string_view name, btf::TypeId prototype) {
    return type(btf::Kind::function, name, prototype, 1);
  }

  /** What was added, read. Ends the test when that fails. */
  SharedBtf read(SharedBtf base = nullptr, std::endian order = std::endian::native) const;
};

/** Reads raw BTF. Ends the test when that fails. */
SharedBtf read_btf(Bytes raw, SharedBtf base = nullptr);

/** A type as text: its kind, its words, names instead of their offsets. */
std::string shape_of(const btf::Btf& btf, btf::TypeId id);

/** Raw BTF with a header of 24 bytes in the other byte order. */
Raw swapped_btf(Raw raw);

/** A piece of a kernel: numbers, a list, two structs that refer to each other, and one that nothing refers
 * to. */
struct KernelSample {
  KernelSample();
  btf::TypeId int_type, char_type, long_type, list, task, file, task_pointer, color, lonely, count_type;
  Raw raw;
  SharedBtf btf;
};

/** A module built apart: its split BTF and the distilled base that it is split on. */
struct Distilled {
  SharedBtf base;
  SharedBtf split;
};

/**
 * Makes of split BTF what pahole and libbpf make of it for a module built apart (btf__distill_base()): named
 * types of the base that it refers to go to the distilled base, structs and enumerations as name and size;
 * all else that is referred to goes behind the split BTF's own types.
 */
Distilled distilled(const btf::Btf& split);

}  // namespace ikfs::test
