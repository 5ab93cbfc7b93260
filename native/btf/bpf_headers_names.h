#pragma once

#include "btf/bpf_headers_facts.h"
#include "btf/bpf_headers_homes.h"
#include "btf/btf.h"
#include "btf/c_names.h"

namespace ikfs::btf {

/**
 * Decides by which names types go in headers. Those that are looked up by their names keep them, other types
 * at home get numbers. What is only pointed to shares its name, but not with a type of another keyword, as C
 * has one name space for all tags.
 */
void decide_names(const Btf& btf, const TypeFacts& facts, const TypeHomes& homes, CNames& names);

}  // namespace ikfs::btf
