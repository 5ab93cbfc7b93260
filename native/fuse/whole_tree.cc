#include "fuse/whole_tree.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "core/lasting_memory.h"

namespace ikfs::fuse {

namespace {

constexpr std::string_view magic = "IKFSTRE1";
constexpr std::size_t header_size = 24;
constexpr std::size_t record_size = 32;

/** NAME_MAX of limits.h. */
constexpr std::size_t longest_name = 255;

Failure broken(const char* what) {
  return {.code = FailureCode::corrupt, .message = std::string("tree index: ") + what};
}

/** An unsigned number, lowest byte first. The caller has checked that it is there. */
template <typename Unsigned>
Unsigned number_at(Bytes bytes, std::size_t offset) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<Unsigned>(value | static_cast<Unsigned>(Unsigned{bytes[offset + i]} << (8 * i)));
  }
  return value;
}

/** A record of the index; what `where` and `amount` say depends on the kind. */
struct Record {
  std::uint64_t where;
  std::uint64_t amount;
  std::string_view name;
  std::uint16_t mode;
  NodeKind kind;
};

/** Records and names of an index whose lengths have been checked. */
class Index {
 public:
  static std::optional<Index> open(Bytes bytes) {
    if (bytes.size() < header_size || !std::equal(magic.begin(), magic.end(), bytes.begin()))
      return std::nullopt;
    const std::uint64_t count = number_at<std::uint32_t>(bytes, 8);
    const std::uint64_t pool = number_at<std::uint32_t>(bytes, 12);
    const std::uint64_t omitted = number_at<std::uint32_t>(bytes, 16);
    if (count == 0 || header_size + count * record_size + pool + omitted != bytes.size()) return std::nullopt;
    const auto pool_start = header_size + count * record_size;
    return Index(bytes.subspan(header_size, count * record_size), bytes.subspan(pool_start, pool), count);
  }

  std::uint64_t count() const { return count_; }

  /** The record of that number, below `count()`; nothing when its name or kind can not be. */
  std::optional<Record> record(std::uint64_t number) const {
    const auto bytes = records_.subspan(number * record_size, record_size);
    const auto name = text(number_at<std::uint32_t>(bytes, 16), number_at<std::uint16_t>(bytes, 20));
    const auto kind = kind_of(bytes[24]);
    if (!name || kind == NodeKind::none) return std::nullopt;
    return Record{number_at<std::uint64_t>(bytes, 0), number_at<std::uint64_t>(bytes, 8), *name,
                  static_cast<std::uint16_t>(number_at<std::uint16_t>(bytes, 22) & 07777), kind};
  }

  /** A string of the pool, or nothing when it does not lie in it. */
  std::optional<std::string_view> text(std::uint64_t offset, std::uint64_t length) const {
    if (offset > pool_.size() || length > pool_.size() - offset) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(pool_.data()) + offset, length);
  }

 private:
  Index(Bytes records, Bytes pool, std::uint64_t count) : records_(records), pool_(pool), count_(count) {}

  static NodeKind kind_of(std::uint8_t code) {
    switch (code) {
      case 0:
        return NodeKind::file;
      case 1:
        return NodeKind::directory;
      case 2:
        return NodeKind::link;
      default:
        return NodeKind::none;
    }
  }

  Bytes records_;
  Bytes pool_;
  std::uint64_t count_;
};

/** Whether a name is one that a directory can have (path_resolution(7)). */
bool is_component(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && name != "." && name != ".." &&
         name.find('/') == name.npos && name.find('\0') == name.npos;
}

/** Whether bytes so far behind an offset end where those of a file can: off_t has a sign (stat(3type)). */
bool is_range(std::uint64_t offset, std::uint64_t where, std::uint64_t size) {
  constexpr std::uint64_t farthest = std::numeric_limits<std::int64_t>::max();
  return offset <= farthest && where <= farthest - offset && size <= farthest - offset - where;
}

/** Makes the nodes of an index, in its order. */
class Builder {
 public:
  Builder(const Index& index, const TreePlace& place) : index_(index), place_(place) {
    nodes_.resize(index.count());
    parents_.resize(index.count(), place.parent);
  }

  Result<std::vector<NodeUpdate>> build() {
    for (std::uint64_t number = 0; number < index_.count(); ++number) {
      // Directories come before what is in them, and all that comes is in one.
      if (number >= next_child_) return broken("a node is in no directory");
      if (auto failure = add(number)) return *failure;
    }
    if (next_child_ != index_.count()) return broken("a directory has more nodes than there are");
    return std::move(nodes_);
  }

 private:
  NodeId id_of(std::uint64_t number) const { return number == 0 ? place_.top : place_.first + number; }

  Status add(std::uint64_t number) {
    const auto record = index_.record(number);
    if (!record) return broken("a record is none");
    if ((number == 0) != (record->name.empty()) || (number == 0 && record->kind != NodeKind::directory))
      return broken("its top is none");
    auto& [id, node] = nodes_[number];
    id = id_of(number);
    node.kind = record->kind;
    node.settled = true;
    node.mode = record->mode;
    node.modified = place_.modified;
    switch (record->kind) {
      case NodeKind::directory:
        return add_names(number, *record, node);
      case NodeKind::link: {
        const auto target = index_.text(record->where, record->amount);
        if (!target) return broken("the target of a link is outside");
        node.content = std::make_shared<const std::string>(*target);
        return {};
      }
      default:
        if (!is_range(place_.content.offset, record->where, record->amount))
          return broken("a file lies where none can");
        node.size = record->amount;
        node.content = FileContent{place_.content.blob, place_.content.offset + record->where};
        return {};
    }
  }

  Status add_names(std::uint64_t number, const Record& record, Node& node) {
    if (record.where != next_child_ || record.amount > index_.count() - next_child_)
      return broken("nodes of a directory are not its own");
    std::vector<Directory::Named> entries;
    entries.reserve(record.amount);
    for (; next_child_ < record.where + record.amount; ++next_child_) {
      const auto child = index_.record(next_child_);
      if (!child || !is_component(child->name)) return broken("a name is none");
      if (!entries.empty() && entries.back().name >= child->name) return broken("names are not in order");
      parents_[next_child_] = id_of(number);
      entries.push_back({id_of(next_child_), child->kind, std::string(child->name)});
    }
    const std::pmr::polymorphic_allocator<Directory> memory(lasting_memory());
    node.content = std::allocate_shared<const Directory>(memory, parents_[number], std::move(entries), true);
    return {};
  }

  const Index& index_;
  const TreePlace& place_;
  std::vector<NodeUpdate> nodes_;
  std::vector<NodeId> parents_;
  /** The first node that is in no directory yet; the top is in one outside. */
  std::uint64_t next_child_ = 1;
};

}  // namespace

Result<std::vector<NodeUpdate>> whole_tree(Bytes bytes, const TreePlace& place) {
  const auto index = Index::open(bytes);
  if (!index) return broken("no header, or not as long as it says");
  return Builder(*index, place).build();
}

}  // namespace ikfs::fuse
