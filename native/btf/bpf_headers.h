#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "btf/btf.h"
#include "core/failure.h"
#include "core/output.h"

namespace ikfs::btf {

/** A file of the tree: its bytes follow those of the file before it. */
struct MadeHeader {
  std::string path;
  std::uint64_t size;
};

/** What came of the tree. */
struct MadeHeaders {
  std::vector<MadeHeader> files;
  /** Structs and unions that were given a body. */
  std::uint32_t bodies = 0;
  /** Those of them whose layout C can not say, so that they have bytes instead of members. */
  std::uint32_t opaque = 0;
};

/**
 * Writes a tree of headers for BPF programs, file behind file. Every header of the plan is there. It brings
 * the types that it declares, as BTF has them, and what those embed; other types are declared only. Types lie
 * in files below include/btf/, each of which includes what it needs, so that headers may include each other
 * in any order.
 * @param plan as bpf_headers_plan.h describes it
 * @param limit how many bytes may come out
 * @returns or fails with `usage` (the plan), `corrupt` (types that mention none or contain themselves),
 * `limit`, or as the output does
 */
Result<MadeHeaders> write_bpf_headers(const Btf& btf, std::string_view plan, std::uint64_t limit,
                                      Output& output);

}  // namespace ikfs::btf
