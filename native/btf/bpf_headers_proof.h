#pragma once

#include "btf/btf.h"
#include "btf/c_guard.h"
#include "btf/c_layout.h"

namespace ikfs::btf {

/** Whether an enumeration can be written with its constants so that it has the size that BTF has. */
bool is_c_enumeration(const Type& type);

/**
 * Whether a compiler would give a struct or union, as it is written, the layout that BTF has: its size, and
 * the place and width of each member, those of the types without a name inside it among them. Nothing is
 * taken from how the layout was found: what is written is placed again, member for member (Placement), and
 * compared. A number that C has with another size, or with none that is sure, is nowhere.
 */
bool has_layout_of_btf(const Btf& btf, CGuard& guard, CLayout& layout, TypeId id);

}  // namespace ikfs::btf
