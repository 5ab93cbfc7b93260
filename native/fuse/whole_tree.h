#pragma once

#include <memory>
#include <vector>

#include "core/failure.h"
#include "core/input.h"
#include "fuse/node_table.h"

namespace ikfs::fuse {

/** Where a tree goes in the mount, and what its nodes have in common. */
struct TreePlace {
  /** The directory that the tree's names are in, and the one above it. */
  NodeId top;
  NodeId parent;
  /** A node's number is this one and its place in the index together. */
  NodeId first;
  /** Nanoseconds since the epoch. */
  std::int64_t modified;
  /** What the files' content lies in, and how many bytes of it come before the tree's. */
  FileContent content;
};

/**
 * All nodes of a tree that is described by an index (src/format/tree-index.ts). Fails with `corrupt` unless
 * it describes a tree whose names are single path components.
 */
Result<std::vector<NodeUpdate>> whole_tree(Bytes index, const TreePlace& place);

}  // namespace ikfs::fuse
