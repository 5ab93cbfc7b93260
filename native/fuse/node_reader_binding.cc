#include "fuse/node_reader_binding.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>

#include "core/failure.h"
#include "core/lasting_memory.h"
#include "core/values_binding.h"
#include "fuse/whole_tree.h"

namespace ikfs::fuse {

namespace {

/** Node numbers index a table, so they are bounded. Thirty kernels of four thousand modules have 150,000. */
constexpr double most_nodes = 64.0 * 1024 * 1024;

NodeKind node_kind(const Napi::Value& value) {
  const auto kind = text(value, "kind");
  if (kind == "directory") return NodeKind::directory;
  if (kind == "file") return NodeKind::file;
  if (kind == "link") return NodeKind::link;
  throw Napi::TypeError::New(value.Env(), "kind must be directory, file, link or tree");
}

/** Milliseconds since the epoch as nanoseconds. */
std::int64_t moment(const Napi::Value& value) {
  constexpr double nanoseconds_a_millisecond = 1e6;
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), "modified must be a number");
  return static_cast<std::int64_t>(value.As<Napi::Number>().DoubleValue() * nanoseconds_a_millisecond);
}

DirectoryContent names_of(const Napi::Object& source) {
  const auto names = list(source.Get("names"), "names");
  std::vector<Directory::Named> entries;
  entries.reserve(names.Length());
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const Napi::HandleScope scope(source.Env());
    const auto each = object(names.Get(i), "name");
    entries.push_back(
        {node_id(each.Get("inode")), node_kind(each.Get("kind")), text(each.Get("name"), "name")});
  }
  const std::pmr::polymorphic_allocator<Directory> memory(lasting_memory());
  return std::allocate_shared<const Directory>(memory, node_id(source.Get("parent")), std::move(entries));
}

std::optional<FileIdentity> identity_of(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto source = value.As<Napi::Object>();
  return FileIdentity{
      .inode = std::stoull(text(source.Get("inode"), "inode")),
      .size = whole_number(source.Get("size"), "size"),
      .modified_nanoseconds = std::stoll(text(source.Get("modified"), "modified")),
  };
}

Seal seal_of(const Napi::Object& source) {
  Seal seal{.size = whole_number(source.Get("size"), "size"), .sums = {}};
  const auto encoded = bytes(source.Get("sums"), "sums");
  // Lowest byte first, whatever this machine's order.
  for (std::size_t at = 0; at + 4 <= encoded.ByteLength(); at += 4) {
    const auto* sum = encoded.Data() + at;
    seal.sums.push_back(sum[0] | sum[1] << 8 | sum[2] << 16 | static_cast<std::uint32_t>(sum[3]) << 24);
  }
  return seal;
}

UniqueFd duplicate(Napi::Env env, int descriptor) {
  UniqueFd copy(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (copy.get() < 0) throw Napi::Error::New(env, system_failure("duplicating a descriptor", errno).message);
  return copy;
}

}  // namespace

NodeId node_id(const Napi::Value& value) { return whole_number(value, "node", most_nodes); }

void NodeReader::read(const Napi::Object& source, std::vector<NodeUpdate>& updates) const {
  const auto kind = source.Get("kind");
  if (kind.IsString() && text(kind, "kind") == "tree") {
    add_tree(source, updates);
  } else {
    updates.push_back(node_of(source));
  }
}

NodeUpdate NodeReader::node_of(const Napi::Object& source) const {
  NodeUpdate update{.id = node_id(source.Get("id")), .node = {}};
  auto& node = update.node;
  if (source.Get("gone").ToBoolean()) return update;
  node.kind = node_kind(source.Get("kind"));
  node.settled = source.Get("settled").ToBoolean();
  node.is_volatile = source.Get("volatile").ToBoolean();
  node.mode = static_cast<std::uint16_t>(whole_number(source.Get("mode"), "mode", 07777));
  node.modified = moment(source.Get("modified"));
  switch (node.kind) {
    case NodeKind::directory:
      if (source.Has("names")) node.content = names_of(source);
      break;
    case NodeKind::link:
      node.content = std::make_shared<const std::string>(text(source.Get("target"), "target"));
      break;
    case NodeKind::file:
      if (node.settled) {
        node.size = whole_number(source.Get("size"), "size");
        node.content = content_of(object(source.Get("content"), "content"));
      }
      break;
    case NodeKind::none:
      break;
  }
  return update;
}

void NodeReader::add_tree(const Napi::Object& source, std::vector<NodeUpdate>& updates) const {
  const auto index = bytes(source.Get("index"), "index");
  const TreePlace place{
      .top = node_id(source.Get("id")),
      .parent = node_id(source.Get("parent")),
      .first = node_id(source.Get("first")),
      .modified = moment(source.Get("modified")),
      .content = content_of(object(source.Get("content"), "content")),
  };
  auto made = whole_tree({index.Data(), index.ByteLength()}, place);
  if (const auto* failure = std::get_if<Failure>(&made))
    throw Napi::Error::New(source.Env(), failure->message);
  auto& nodes = std::get<std::vector<NodeUpdate>>(made);
  updates.insert(updates.end(), std::make_move_iterator(nodes.begin()), std::make_move_iterator(nodes.end()));
}

FileContent NodeReader::content_of(const Napi::Object& source) const {
  if (source.Has("bytes")) {
    const auto array = bytes(source.Get("bytes"), "bytes");
    std::string copy(reinterpret_cast<const char*>(array.Data()), array.ByteLength());
    return {std::make_shared<MemoryBlob>(std::move(copy)), 0};
  }
  const auto offset = whole_number(source.Get("offset"), "offset");
  if (source.Has("descriptor")) {
    const auto descriptor = static_cast<int>(whole_number(source.Get("descriptor"), "descriptor", 1 << 24));
    return {std::make_shared<DescriptorBlob>(duplicate(source.Env(), descriptor)), offset};
  }
  auto path = text(source.Get("path"), "path");
  if (source.Has("seal")) {
    auto seal = seal_of(object(source.Get("seal"), "seal"));
    return {std::make_shared<SealedBlob>(files_, std::move(path), std::move(seal)), offset};
  }
  const auto identity = identity_of(source.Get("identity"));
  return {std::make_shared<PathBlob>(files_, std::move(path), identity), offset};
}

}  // namespace ikfs::fuse
