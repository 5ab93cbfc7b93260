#pragma once

#include "fuse/node_table.h"
#include "fuse/protocol.h"

namespace ikfs::fuse {

/** How long the kernel may keep what does not change: a year, in seconds. */
inline constexpr std::uint64_t for_ever = 365ULL * 24 * 60 * 60;

/** The type bits of a node's mode (inode(7)). */
std::uint32_t type_bits(NodeKind kind);

/** A node's attributes: owned by root, one link. The size of a link is its target's length. */
Attributes attributes_of(NodeId id, const Node& node);

/** The answer to LOOKUP for a node; the attributes of a volatile one are not kept. */
EntryOut entry_of(NodeId id, const Node& node);

/** The answer to LOOKUP for a name that is not there, to be remembered. */
EntryOut no_entry();

}  // namespace ikfs::fuse
