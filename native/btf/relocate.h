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
 * A distilled type stands for the one type of vmlinux of its name that
 *  - is an integer, too, with its size and encoding; a floating-point number, too, with its size; for an
 *    enumeration, one of 32 or 64 bits with its size;
 *  - for a struct or union has its size, if one of the module's has it for a member or vmlinux has several of
 * the name, and else anything but another size when it is a number or an enumeration;
 *  - for a forward declaration is one of the same flag, a struct without or a union with the flag: so does
 * the kernel, though the flag of structs and unions tells of bit fields. None that vmlinux has several of.
 * @param split its base is the distilled one
 * @returns raw BTF in its byte order, split on vmlinux; or fails with `mismatch` when a distilled type stands
 * for none or several of this vmlinux, with `corrupt` when the distilled base has what none has (a type
 * without a name, or of another kind) or the split BTF refers to what is not there, `usage` without a base
 */
Result<std::vector<std::uint8_t>> relocate(const Btf& split, const Btf& vmlinux);

}  // namespace ikfs::btf
