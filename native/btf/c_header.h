#pragma once

#include <cstdint>
#include <string_view>

#include "btf/btf.h"
#include "core/failure.h"
#include "core/output.h"

namespace ikfs::btf {

/** What is written of a BTF, and around it. */
struct CHeaderOptions {
  /**
   * The first type that is written, 1 for all. With `Btf::first()` of split BTF, the header is what it adds
   * to its base's header, as bpftool would go on behind that: names that the base's has are not given again.
   */
  TypeId first_own = 1;
  /** The macro that keeps a header from being read twice; `#pragma once` does that when there is none. */
  std::string_view guard = "__VMLINUX_H__";
  /** A header that is included before; none when empty. */
  std::string_view included = {};
  /** How many bytes may come out. */
  std::uint64_t limit = std::uint64_t{256} << 20;
};

/**
 * Writes the types of BTF as C that compiles with `clang -target bpf`, in the order and form of
 * `bpftool btf dump file FILE format c` of bpftool 7.1. It differs where a compiler would not give a type the
 * size or a member the place that BTF has, and where a name is no identifier of C. Where `long` has 4 bytes,
 * sizes and places hold for compilers of such machines; under `-target bpf`, whose pointers have 8, only
 * CO-RE finds members.
 * @returns or fails with `corrupt` (a type that mentions none, contains itself, or is used where it can not
 * be), `limit`, or as the output does
 */
Status write_c_header(const Btf& btf, const CHeaderOptions& options, Output& output);

/** The same of all types, or of its own only, behind an inclusion of `vmlinux.h`. */
Status write_c_header(const Btf& btf, bool own, Output& output);

}  // namespace ikfs::btf
