#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "fuse/node_table.h"

namespace ikfs::fuse {

/** The number of a node. @throws TypeError */
NodeId node_id(const Napi::Value& value);

/** Reads nodes as JavaScript has them (NativeNode in src/native.ts). A wrong type throws TypeError. */
class NodeReader {
 public:
  /** Adds what one object stands for: a node, or all nodes of a tree. @throws Napi::Error for a broken tree
   */
  void read(const Napi::Object& source, std::vector<NodeUpdate>& updates) const;

 private:
  NodeUpdate node_of(const Napi::Object& source) const;
  void add_tree(const Napi::Object& source, std::vector<NodeUpdate>& updates) const;
  FileContent content_of(const Napi::Object& source) const;

  std::shared_ptr<OpenFiles> files_ = make_open_files(most_open);

  /** Files that are kept open: who reads one on after it was replaced still gets the old bytes. */
  static constexpr std::size_t most_open = 256;
};

}  // namespace ikfs::fuse
