#include "fuse/attributes.h"

#include <sys/stat.h>

namespace ikfs::fuse {

namespace {

constexpr std::uint32_t block_size = 4096;
/** st_blocks counts in these, whatever the file system (stat(2)). */
constexpr std::uint32_t sector_size = 512;
constexpr std::int64_t second = 1'000'000'000;

}  // namespace

std::uint32_t type_bits(NodeKind kind) {
  switch (kind) {
    case NodeKind::directory:
      return S_IFDIR;
    case NodeKind::link:
      return S_IFLNK;
    case NodeKind::file:
    case NodeKind::none:
      break;
  }
  return S_IFREG;
}

Attributes attributes_of(NodeId id, const Node& node) {
  Attributes attributes{};
  attributes.inode = id;
  attributes.size = node.size;
  if (const auto* target = std::get_if<LinkTarget>(&node.content)) attributes.size = (*target)->size();
  attributes.blocks = (attributes.size + sector_size - 1) / sector_size;
  const auto seconds = static_cast<std::uint64_t>(node.modified / second);
  const auto nanoseconds = static_cast<std::uint32_t>(node.modified % second);
  attributes.access_time = attributes.modify_time = attributes.change_time = seconds;
  attributes.access_nanoseconds = attributes.modify_nanoseconds = attributes.change_nanoseconds = nanoseconds;
  attributes.mode = type_bits(node.kind) | node.mode;
  // find(1) takes two links of a directory to mean that there are no directories in it; one says nothing.
  attributes.links = 1;
  attributes.block_size = block_size;
  return attributes;
}

EntryOut entry_of(NodeId id, const Node& node) {
  EntryOut entry{};
  entry.node = id;
  entry.entry_valid = for_ever;
  entry.attributes_valid = node.is_volatile ? 0 : for_ever;
  entry.attributes = attributes_of(id, node);
  return entry;
}

EntryOut no_entry() {
  EntryOut entry{};
  entry.entry_valid = for_ever;
  return entry;
}

}  // namespace ikfs::fuse
