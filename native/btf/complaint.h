#pragma once

#include <string>
#include <string_view>

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/** A name as messages show it: at most 64 bytes of it, with `?` for all that is not printable ASCII. */
std::string shown(std::string_view name);

/** A type as messages name it: `type 7 (STRUCT list_head)`. @param id below `btf.count()` */
std::string shown(const Btf& btf, TypeId id);

/**
 * What is wrong with a type of a BTF's own: `corrupt`, the message beginning with the type, the offset being
 * that of the type in the type section.
 */
Failure complaint(const Btf& btf, TypeId id, const std::string& what);

}  // namespace ikfs::btf
