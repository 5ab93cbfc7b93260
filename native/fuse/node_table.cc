#include "fuse/node_table.h"

#include <algorithm>
#include <unordered_map>

namespace ikfs::fuse {

Directory::Directory(NodeId parent, std::vector<Entry> entries, bool known_below)
    : parent_(parent), entries_(std::move(entries)), by_name_(entries_.size()), looked_into_(!known_below) {
  const auto by_node = [](const Entry& a, const Entry& b) { return a.node < b.node; };
  if (!std::is_sorted(entries_.begin(), entries_.end(), by_node))
    std::sort(entries_.begin(), entries_.end(), by_node);
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  const auto by_name = [this](std::uint32_t a, std::uint32_t b) {
    return entries_[a].name < entries_[b].name;
  };
  // Header trees are numbered in order of names; looking is cheaper than sorting what is sorted.
  if (!std::is_sorted(by_name_.begin(), by_name_.end(), by_name))
    std::sort(by_name_.begin(), by_name_.end(), by_name);
}

const Directory::Entry* Directory::find(std::string_view name) const {
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](std::uint32_t index, std::string_view wanted) { return entries_[index].name < wanted; });
  if (at == by_name_.end() || entries_[*at].name != name) return nullptr;
  return &entries_[*at];
}

std::span<const Directory::Entry> Directory::after(NodeId node) const {
  const auto first = std::upper_bound(entries_.begin(), entries_.end(), node,
                                      [](NodeId wanted, const Entry& entry) { return wanted < entry.node; });
  return {first, entries_.end()};
}

const Node* NodeTable::find(NodeId id) const {
  const auto chunk = id / chunk_size;
  if (chunk >= chunks_.size() || !chunks_[chunk]) return nullptr;
  const Node& node = (*chunks_[chunk])[id % chunk_size];
  return node.kind == NodeKind::none ? nullptr : &node;
}

std::shared_ptr<const NodeTable> NodeTable::with(std::vector<NodeUpdate> updates) const {
  auto next = std::make_shared<NodeTable>(*this);
  std::unordered_map<std::size_t, std::shared_ptr<Chunk>> changed;
  for (auto& [id, node] : updates) {
    const auto index = id / chunk_size;
    if (index >= next->chunks_.size()) next->chunks_.resize(index + 1);
    auto& chunk = changed[index];
    if (!chunk) {
      const auto& old = next->chunks_[index];
      chunk = old ? std::make_shared<Chunk>(*old) : std::make_shared<Chunk>();
    }
    (*chunk)[id % chunk_size] = std::move(node);
  }
  const auto is_none = [](const Node& node) { return node.kind == NodeKind::none; };
  for (auto& [index, chunk] : changed) {
    // Where all nodes have gone, nothing is left to keep.
    if (std::all_of(chunk->begin(), chunk->end(), is_none)) chunk.reset();
    next->chunks_[index] = std::move(chunk);
  }
  return next;
}

}  // namespace ikfs::fuse
