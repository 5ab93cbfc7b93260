#pragma once

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Whether a type is well-formed by itself, whatever it refers to: name, length, flag, size and, for members
 * and the like, names, places and that the types they name are there (kernel/bpf/btf.c, the `check_meta` of
 * each kind). Longer types than before Linux 7 (65,535 members) are taken, and flags at tags (Linux 6.15).
 * @param id of a type of its own
 * @returns or fails with `corrupt`
 */
Status check_form(const Btf& btf, TypeId id);

}  // namespace ikfs::btf
