#pragma once

#include <cstdint>
#include <vector>

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Split BTF of a module built apart from its kernel (sections .BTF and, as its base, .BTF.base with the
 * distilled types that it needs of vmlinux), for the vmlinux of a kernel: with the numbers and offsets that
 * it has once the kernel has loaded it (tools/lib/bpf/btf_relocate.c, which the kernel shares with libbpf).
 * Its types and strings stay in order.
 *
 * A distilled type stands for the one type of vmlinux that has its name and
 *  - for an integer, is one of its size and encoding; for a floating-point number, is one of its size;
 *  - for an enumeration, is one of its size, of 32 or 64 bits;
 *  - for a struct or union, has its size where that counts: where a type of the module has it for a member,
 * and where vmlinux has several structs or unions of the name. The kernel does not compare the kind here;
 *  - for a forward declaration, is one with the same flag, or the only struct or union of the name: a struct
 * without the flag, a union with it. So does the kernel, though a struct's flag tells of bit fields.
 *
 * @param split its base is the distilled one
 * @returns raw BTF in its byte order, split on vmlinux; or fails with `mismatch` when a distilled type stands
 * for none or several of this vmlinux, with `corrupt` when the distilled base has what none has (a type
 * without a name, or of another kind) or the split BTF refers to what is not there, `usage` without a base
 */
Result<std::vector<std::uint8_t>> relocate(const Btf& split, const Btf& vmlinux);

}  // namespace ikfs::btf
