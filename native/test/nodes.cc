#include "test/nodes.h"

namespace ikfs::test {

using fuse::Node;
using fuse::NodeKind;

Node directory(fuse::NodeId parent, std::vector<fuse::Directory::Named> entries, bool known_below) {
  Node node = unlisted_directory();
  node.content = std::make_shared<const fuse::Directory>(parent, std::move(entries), known_below);
  return node;
}

Node unlisted_directory() {
  Node node;
  node.kind = NodeKind::directory;
  node.settled = true;
  node.mode = 0555;
  return node;
}

Node file(std::string bytes) {
  const auto size = bytes.size();
  return file(std::make_shared<fuse::MemoryBlob>(std::move(bytes)), 0, size);
}

Node file(std::shared_ptr<const fuse::Blob> blob, std::uint64_t offset, std::uint64_t size) {
  Node node;
  node.kind = NodeKind::file;
  node.settled = true;
  node.mode = 0444;
  node.modified = 1'700'000'000'123'456'789;
  node.size = size;
  node.content = fuse::FileContent{std::move(blob), offset};
  return node;
}

Node volatile_file(std::string bytes) {
  Node node = file(std::move(bytes));
  node.is_volatile = true;
  return node;
}

Node unsettled(NodeKind kind) {
  Node node;
  node.kind = kind;
  return node;
}

Node link_to(std::string target) {
  Node node;
  node.kind = NodeKind::link;
  node.settled = true;
  node.mode = 0777;
  node.content = std::make_shared<const std::string>(std::move(target));
  return node;
}

Node gone() { return {}; }

std::vector<fuse::NodeUpdate> sample_tree() {
  using namespace sample;
  std::vector<fuse::NodeUpdate> nodes;
  nodes.push_back({root, directory(root, {
                                             {folder, NodeKind::directory, "folder"},
                                             {hello, NodeKind::file, "hello"},
                                             {link, NodeKind::link, "link"},
                                             {later, NodeKind::file, "later"},
                                             {unlisted, NodeKind::directory, "unlisted"},
                                             {live, NodeKind::file, "live"},
                                             {broken, NodeKind::file, "broken"},
                                         })});
  nodes.push_back({folder, directory(root, {{inner, NodeKind::file, "inner"}})});
  nodes.push_back({hello, file("hello, world")});
  nodes.push_back({link, link_to("folder/inner")});
  nodes.push_back({later, unsettled(NodeKind::file)});
  nodes.push_back({unlisted, unlisted_directory()});
  nodes.push_back({live, volatile_file("now")});
  nodes.push_back({broken, file(std::make_shared<fuse::MemoryBlob>("0123456789"), 0, 100)});
  nodes.push_back({inner, file("inner bytes")});
  return nodes;
}

}  // namespace ikfs::test
