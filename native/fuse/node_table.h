#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fuse/blob.h"

namespace ikfs::fuse {

/** Number of a node: its inode number and its name in the protocol. */
using NodeId = std::uint64_t;

enum class NodeKind : std::uint8_t { none, directory, file, link };

/**
 * The names of a directory; never changes. They are in order of node number, and the place of a name in a
 * listing is its node's number: a listing goes on at the right place also when names came or went meanwhile.
 */
class Directory {
 public:
  /** A name as a directory is given it. */
  struct Named {
    NodeId node;
    NodeKind kind;
    std::string name;
  };

  /** A name as a directory has it; there are 100,000 in all. */
  struct Entry {
    NodeId node;
    /** Where the name begins among all names. */
    std::uint32_t name_start;
    std::uint16_t name_length;
    NodeKind kind;
  };

  /**
   * @param entries with names of at most 64 KiB and 4 GiB in all
   * @param known_below whether all that is below it is known as well
   */
  Directory(NodeId parent, std::vector<Named> entries, bool known_below = false);

  NodeId parent() const { return parent_; }
  /** The entry of that name, or null. */
  const Entry* find(std::string_view name) const;
  /** The name of one of its entries. */
  std::string_view name_of(const Entry& entry) const {
    return std::string_view(names_).substr(entry.name_start, entry.name_length);
  }
  /** The entries whose node numbers are above `node`, in order. */
  std::span<const Entry> after(NodeId node) const;
  /** True once, for a directory of which all below is known. */
  bool is_first_lookup() const { return !looked_into_.load() && !looked_into_.exchange(true); }

 private:
  NodeId parent_;
  std::pmr::vector<Entry> entries_;
  /** All names, one behind the other. */
  std::pmr::string names_;
  /** Indexes of entries_ in order of names; none where that is their order. */
  std::pmr::vector<std::uint32_t> by_name_;
  mutable std::atomic<bool> looked_into_;
};

/** The content of a file: a range of a blob. */
struct FileContent {
  std::shared_ptr<const Blob> blob;
  std::uint64_t offset = 0;
};

/** What a link points at. */
using LinkTarget = std::shared_ptr<const std::string>;

/** Names that are not known yet are null. */
using DirectoryContent = std::shared_ptr<const Directory>;

struct Node {
  NodeKind kind = NodeKind::none;
  /**
   * Whether the node is known to be there as it is here. Of a file that is not, size and content are unknown;
   * of a directory, whether it is there at all.
   */
  bool settled = false;
  /** Whether its content can change by itself, so that its attributes are asked for each time. */
  bool is_volatile = false;
  /** Permission bits. */
  std::uint16_t mode = 0;
  /** Nanoseconds since the epoch. */
  std::int64_t modified = 0;
  std::uint64_t size = 0;
  std::variant<std::monostate, FileContent, DirectoryContent, LinkTarget> content;
};

struct NodeUpdate {
  NodeId id;
  Node node;
};

/**
 * All nodes at one moment; never changes. A new one shares all with the old but the parts that differ, so
 * publishing is cheap however many nodes there are.
 */
class NodeTable {
 public:
  /** The node of that number, or null. */
  const Node* find(NodeId id) const;

  /** The same nodes in one piece of memory, so that none keeps what once lay beside it. */
  std::shared_ptr<const NodeTable> compacted() const;

  /** A table with some nodes added or replaced. */
  std::shared_ptr<const NodeTable> with(std::vector<NodeUpdate> updates) const;

 private:
  /** Few: large directories whose names nobody needs leave a node here and there. */
  static constexpr std::size_t chunk_size = 32;
  using Chunk = std::array<Node, chunk_size>;

  /** Puts the places of files together that were published one by one. */
  static void pack_paths(std::vector<Chunk>& chunks);

  std::vector<std::shared_ptr<const Chunk>> chunks_;
};

}  // namespace ikfs::fuse
