#include "fuse/node_table.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "core/lasting_memory.h"
#include "fuse/packed_paths.h"

namespace ikfs::fuse {

Directory::Directory(NodeId parent, std::vector<Named> entries, bool known_below)
    : parent_(parent),
      entries_(lasting_memory()),
      names_(lasting_memory()),
      by_name_(lasting_memory()),
      looked_into_(!known_below) {
  const auto by_node = [](const Named& a, const Named& b) { return a.node < b.node; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_node))
    std::sort(entries.begin(), entries.end(), by_node);
  std::size_t length = 0;
  for (const auto& entry : entries) length += entry.name.size();
  names_.reserve(length);
  entries_.reserve(entries.size());
  for (const auto& [node, kind, name] : entries) {
    entries_.push_back({
        .node = node,
        .name_start = static_cast<std::uint32_t>(names_.size()),
        .name_length = static_cast<std::uint16_t>(name.size()),
        .kind = kind,
    });
    names_ += name;
  }
  const auto by_name = [&](std::uint32_t a, std::uint32_t b) { return entries[a].name < entries[b].name; };
  const auto in_order = [](const Named& a, const Named& b) { return a.name < b.name; };
  // Header trees are numbered in order of names; looking is cheaper than sorting what is sorted.
  if (std::is_sorted(entries.begin(), entries.end(), in_order)) return;
  by_name_.resize(entries.size());
  std::iota(by_name_.begin(), by_name_.end(), 0);
  std::sort(by_name_.begin(), by_name_.end(), by_name);
}

const Directory::Entry* Directory::find(std::string_view name) const {
  const auto before = [this](const Entry& entry, std::string_view wanted) { return name_of(entry) < wanted; };
  const Entry* found = nullptr;
  if (by_name_.empty()) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), name, before);
    if (at != entries_.end()) found = &*at;
  } else {
    const auto at = std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [&](std::uint32_t index, std::string_view wanted) { return before(entries_[index], wanted); });
    if (at != by_name_.end()) found = &entries_[*at];
  }
  return found != nullptr && name_of(*found) == name ? found : nullptr;
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

void NodeTable::pack_paths(std::vector<Chunk>& chunks) {
  auto packed = std::make_unique<PackedPaths>();
  std::vector<FileContent*> contents;
  for (auto& chunk : chunks) {
    for (auto& node : chunk) {
      auto* const content = std::get_if<FileContent>(&node.content);
      const auto* const path = content == nullptr ? nullptr : content->blob->as_path();
      if (path == nullptr) continue;
      packed->add(*path);
      contents.push_back(content);
    }
  }
  auto blobs = PackedPaths::blobs(std::move(packed));
  for (std::size_t i = 0; i < blobs.size(); ++i) contents[i]->blob = std::move(blobs[i]);
}

std::shared_ptr<const NodeTable> NodeTable::compacted() const {
  const auto is_there = [](const auto& chunk) { return chunk != nullptr; };
  const auto count = std::count_if(chunks_.begin(), chunks_.end(), is_there);
  const auto all = std::make_shared<std::vector<Chunk>>();
  all->reserve(static_cast<std::size_t>(count));
  auto next = std::make_shared<NodeTable>(*this);
  for (auto& chunk : next->chunks_) {
    if (chunk) chunk = {all, &all->emplace_back(*chunk)};
  }
  pack_paths(*all);
  return next;
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
