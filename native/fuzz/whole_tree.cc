/**
 * Makes the nodes of a tree index: whatever the bytes are, they are refused as corrupt, or give nodes each of
 * which is in exactly one directory, above it in the tree, under a name that can be. The first byte of the
 * input tells what of the index is mended before: hardly any mutation gets past the lengths otherwise.
 */
#include "fuse/whole_tree.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "fuzz/check.h"

namespace ikfs::fuse {

namespace {

constexpr std::size_t header_size = 24;
constexpr std::size_t record_size = 32;

/** Bits of the first byte. */
constexpr std::uint8_t mend_header = 1;
constexpr std::uint8_t mend_directories = 2;

/** The top's number comes before the others', and in no row with them, as in a mount. */
constexpr NodeId top = 7;
constexpr NodeId above = 3;
constexpr NodeId first = 100;
constexpr std::uint64_t before_tree = 4096;
constexpr std::uint64_t farthest = std::numeric_limits<std::int64_t>::max();

template <typename Number>
Number get(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t i = sizeof(value); i-- > 0;) value = static_cast<Number>(value << 8 | bytes[at + i]);
  return value;
}

template <typename Number>
void put(std::vector<std::uint8_t>& bytes, std::size_t at, Number value) {
  for (std::size_t i = 0; i < sizeof(value); ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/** Makes the lengths those of the bytes. @returns the number of nodes */
std::uint32_t repair_header(std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < header_size + record_size) return 0;
  std::memcpy(bytes.data(), "IKFSTRE1", 8);
  const auto room = static_cast<std::uint32_t>((bytes.size() - header_size) / record_size);
  const auto count = std::clamp(get<std::uint32_t>(bytes, 8), 1U, room);
  const auto rest = static_cast<std::uint32_t>(bytes.size() - header_size - count * record_size);
  const auto pool = std::min(get<std::uint32_t>(bytes, 12), rest);
  put(bytes, 8, count);
  put(bytes, 12, pool);
  put(bytes, 16, rest - pool);
  return count;
}

/** Gives each directory the nodes that come next, as many as it says and the top what is left over. */
void repair_directories(std::vector<std::uint8_t>& bytes, std::uint32_t count) {
  const auto record = [](std::uint64_t number) { return header_size + number * record_size; };
  std::uint64_t left = count - 1;
  for (std::uint64_t number = 1; number < count; ++number) {
    if (bytes[record(number) + 24] != 1) continue;
    const auto children = std::min(get<std::uint64_t>(bytes, record(number) + 8), left);
    put(bytes, record(number) + 8, children);
    left -= children;
  }
  bytes[record(0) + 24] = 1;
  put(bytes, record(0) + 8, left);
  std::uint64_t next = 1;
  for (std::uint64_t number = 0; number < count; ++number) {
    if (bytes[record(number) + 24] != 1) continue;
    put(bytes, record(number), next);
    next += get<std::uint64_t>(bytes, record(number) + 8);
  }
}

void check_name(std::string_view name) {
  CHECK(!name.empty() && name.size() <= 255 && name != "." && name != "..");
  CHECK(name.find('/') == name.npos && name.find('\0') == name.npos);
}

/** Holds the nodes of an index to what a mount takes for granted. */
class Tree {
 public:
  Tree(const std::vector<NodeUpdate>& nodes, const Blob* blob, std::size_t pool) : blob_(blob), pool_(pool) {
    for (const auto& [id, node] : nodes) CHECK(nodes_.emplace(id, &node).second);
  }

  void check() {
    CHECK(nodes_.count(top) == 1);
    for (const auto& [id, node] : nodes_) check(id, *node);
    // All but the top are in a directory; none is in two, as insertion has shown.
    CHECK(placed_.size() + 1 == nodes_.size() && placed_.count(top) == 0);
    for (const auto& [id, node] : nodes_) {
      if (node->kind == NodeKind::directory)
        CHECK(directory_of(*node).parent() == (id == top ? above : placed_.at(id)));
    }
  }

 private:
  static const Directory& directory_of(const Node& node) { return *std::get<DirectoryContent>(node.content); }

  void check(NodeId id, const Node& node) {
    CHECK(id == top || (id > first && id < first + nodes_.size()));
    CHECK(node.settled && !node.is_volatile && node.mode <= 07777 && node.modified == 5);
    switch (node.kind) {
      case NodeKind::directory:
        return check_directory(id, directory_of(node));
      case NodeKind::file: {
        const auto& content = std::get<FileContent>(node.content);
        CHECK(content.blob.get() == blob_ && content.offset >= before_tree && content.offset <= farthest);
        CHECK(node.size <= farthest - content.offset);
        return;
      }
      case NodeKind::link:
        CHECK(std::get<LinkTarget>(node.content)->size() <= pool_);
        return;
      case NodeKind::none:
        CHECK(node.kind != NodeKind::none);
    }
  }

  void check_directory(NodeId id, const Directory& directory) {
    std::optional<std::string_view> before;
    for (const auto& entry : directory.after(0)) {
      const auto name = directory.name_of(entry);
      check_name(name);
      CHECK(!before || *before < name);
      before = name;
      const auto child = nodes_.find(entry.node);
      CHECK(child != nodes_.end() && child->second->kind == entry.kind);
      // Below, so that no walk goes in circles.
      CHECK(entry.node > id);
      CHECK(placed_.emplace(entry.node, id).second);
      CHECK(directory.find(name) == &entry);
    }
    CHECK(directory.is_first_lookup() && !directory.is_first_lookup());
  }

  const Blob* blob_;
  std::size_t pool_;
  std::map<NodeId, const Node*> nodes_;
  /** Nodes that are in a directory, with that. */
  std::map<NodeId, NodeId> placed_;
};

void make(std::uint8_t mended, Bytes given) {
  std::vector<std::uint8_t> bytes(given.begin(), given.end());
  if ((mended & mend_header) != 0) {
    const auto count = repair_header(bytes);
    if (count > 0 && (mended & mend_directories) != 0) repair_directories(bytes, count);
  }
  const auto blob = std::make_shared<MemoryBlob>("");
  const auto made = whole_tree(
      bytes, {.top = top, .parent = above, .first = first, .modified = 5, .content = {blob, before_tree}});
  if (const auto* failure = std::get_if<Failure>(&made)) {
    CHECK(failure->code == FailureCode::corrupt && !failure->message.empty());
    return;
  }
  const auto& nodes = std::get<std::vector<NodeUpdate>>(made);
  CHECK(nodes.size() == get<std::uint32_t>(bytes, 8));
  Tree(nodes, blob.get(), get<std::uint32_t>(bytes, 12)).check();
  const auto table = NodeTable().with(nodes);
  for (const auto& update : nodes) CHECK(table->find(update.id) != nullptr);
}

}  // namespace

}  // namespace ikfs::fuse

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) ikfs::fuse::make(data[0], {data + 1, size - 1});
  return 0;
}
