#pragma once

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Whether a kernel accepts a BTF's own types (kernel/bpf/btf.c: btf_check_all_metas(), btf_check_type_tags()
 * and btf_check_all_types()): each is well-formed (form.h), refers to types that make sense there, has
 * members inside of it, and does not contain itself. Of split BTF whose base is another one than it was made
 * with, ids and strings mean something else, which shows here or already in Btf::parse().
 *
 * Not asked for is what the kernel wants of programs' BTF only and C does not: names of parameters, aligned
 * floating-point members, no more than 32 types inside of each other.
 * @param btf its base, if any, has been validated before; one that has not may let errors pass
 * @returns or fails with `corrupt`: type, kind, name, field and value in the message, the type's offset in
 * the type section
 */
Status validate(const Btf& btf);

}  // namespace ikfs::btf
