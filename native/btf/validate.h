#pragma once

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Whether a kernel accepts a BTF's own types, and they make sense: each is well-formed (form.h), refers to
 * types that can stand there, has members inside of it, and does not contain itself. Of split BTF whose base
 * is another one than it was made with, ids and strings mean something else, which shows here or already in
 * Btf::parse().
 *
 * The rules are those of kernel/bpf/btf.c. Of a module's BTF the kernel itself checks less
 * (btf_check_all_metas(), btf_check_type_tags()): what btf_check_all_types() looks at, where types lead, it
 * asks of programs' BTF only, and so takes modules whose types lead nowhere. Nobody can use these, so they
 * are refused here. Not asked for is what it wants of programs alone and C does not: names of parameters,
 * aligned floating-point members, no more than 32 types inside of each other.
 * @param btf its base, if any, has been validated before; one that has not may let errors pass
 * @returns or fails with `corrupt`: type, kind, name, field and value in the message, the type's offset in
 * the type section
 */
Status validate(const Btf& btf);

}  // namespace ikfs::btf
