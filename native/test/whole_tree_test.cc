/** Trees that come as one index. */
#include "fuse/whole_tree.h"

#include <sys/stat.h>

#include <functional>
#include <limits>
#include <set>

#include "test/listing.h"
#include "test/served.h"
#include "test/tree_index.h"

namespace ikfs::test {

using fuse::Directory;
using fuse::Node;
using fuse::NodeId;
using fuse::NodeKind;
using fuse::NodeUpdate;
using fuse::Opcode;

namespace {

constexpr NodeId first = 1000;
constexpr std::uint64_t before_tree = 64;

/** The place of a tree below the root of the sample: that of its directory without names. */
fuse::TreePlace sample_place() {
  // Every byte of the tar tells its place in it.
  std::string tar(before_tree + 4096, '\0');
  for (std::size_t i = 0; i < tar.size(); ++i) tar[i] = static_cast<char>(i * 7919 >> 5);
  return {.top = sample::unlisted,
          .parent = sample::root,
          .first = first,
          .modified = 1'600'000'000'000'000'005,
          .content = {std::make_shared<fuse::MemoryBlob>(std::move(tar)), before_tree}};
}

std::vector<NodeUpdate> nodes_of(const TreeIndex& index, const fuse::TreePlace& place = sample_place()) {
  auto made = fuse::whole_tree(index.encode(), place);
  if (const auto* failure = std::get_if<Failure>(&made)) throw Unexpected(failure->message);
  return std::get<std::vector<NodeUpdate>>(std::move(made));
}

/** Ends the test unless these bytes are refused, as what they are. */
void expect_corrupt(const std::vector<std::uint8_t>& bytes, const std::string& what) {
  const auto made = fuse::whole_tree(bytes, sample_place());
  const auto* failure = std::get_if<Failure>(&made);
  if (failure == nullptr) throw Unexpected("is taken: " + what);
  if (failure->code != FailureCode::corrupt) throw Unexpected(what + " is " + failure->message);
}

const Directory& directory_of(const Node& node) { return *std::get<fuse::DirectoryContent>(node.content); }

/** The names of a directory with the numbers of their nodes, in the order of a listing. */
std::string listing_of(const Node& node) {
  std::string all;
  const auto& directory = directory_of(node);
  for (const auto& entry : directory.after(0)) {
    const char* kind = entry.kind == NodeKind::directory ? "/" : entry.kind == NodeKind::link ? "@" : "";
    all += (all.empty() ? "" : " ") + std::string(directory.name_of(entry)) + kind + "=" +
           std::to_string(entry.node);
  }
  return all;
}

/** An index that differs from the sample in one thing. */
struct Wrong {
  const char* what;
  std::function<void(TreeIndex&)> make;
};

constexpr auto highest = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t highest_offset = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST("the nodes of a tree index come in its order, with their own numbers") {
  const auto nodes = nodes_of(sample_index());
  EXPECT_EQUAL(nodes.size(), 8U);
  EXPECT_EQUAL(nodes[0].id, sample::unlisted);
  for (std::size_t i = 1; i < nodes.size(); ++i) EXPECT_EQUAL(nodes[i].id, first + i);
  const std::vector<NodeKind> kinds{NodeKind::directory, NodeKind::file, NodeKind::directory,
                                    NodeKind::directory, NodeKind::file, NodeKind::link,
                                    NodeKind::directory, NodeKind::file};
  const std::vector<unsigned> modes{0755, 0644, 0755, 0755, 0755, 0777, 0755, 0444};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    EXPECT(nodes[i].node.kind == kinds[i]);
    EXPECT_EQUAL(nodes[i].node.mode, modes[i]);
    EXPECT_EQUAL(nodes[i].node.modified, 1'600'000'000'000'000'005);
    EXPECT(nodes[i].node.settled && !nodes[i].node.is_volatile);
  }
}

TEST("directories of a tree index have their names, in order, and their parents") {
  const auto nodes = nodes_of(sample_index());
  EXPECT_EQUAL(listing_of(nodes[0].node), "Kbuild=1001 arch/=1002 empty/=1003 run=1004");
  EXPECT_EQUAL(listing_of(nodes[2].node), "arm@=1005 x86/=1006");
  EXPECT_EQUAL(listing_of(nodes[3].node), "");
  EXPECT_EQUAL(listing_of(nodes[6].node), "ä.h=1007");
  EXPECT_EQUAL(directory_of(nodes[0].node).parent(), sample::root);
  EXPECT_EQUAL(directory_of(nodes[2].node).parent(), sample::unlisted);
  EXPECT_EQUAL(directory_of(nodes[3].node).parent(), sample::unlisted);
  EXPECT_EQUAL(directory_of(nodes[6].node).parent(), first + 2);
  EXPECT_EQUAL(directory_of(nodes[0].node).find("arch")->node, first + 2);
  EXPECT(directory_of(nodes[0].node).find("arm") == nullptr);
}

TEST("files of a tree index lie in the tar, behind what comes before the tree; links have their targets") {
  const auto place = sample_place();
  const auto nodes = nodes_of(sample_index(), place);
  const auto range = [&](std::size_t number) {
    const auto& content = std::get<fuse::FileContent>(nodes[number].node.content);
    EXPECT(content.blob == place.content.blob);
    return std::to_string(content.offset) + "+" + std::to_string(nodes[number].node.size);
  };
  EXPECT_EQUAL(range(1), "576+100");
  EXPECT_EQUAL(range(4), "1088+0");
  EXPECT_EQUAL(range(7), "2112+7");
  EXPECT_EQUAL(*std::get<fuse::LinkTarget>(nodes[5].node.content), "x86");
}

TEST("a tree index may have only its top, long names, and names in any script") {
  TreeIndex empty;
  empty.add_directory("", 1, 0);
  EXPECT_EQUAL(nodes_of(empty).size(), 1U);
  TreeIndex index;
  const std::string longest(255, 'n');
  index.add_directory("", 1, 6);
  // A dot comes before letters, and what is not ASCII behind: bytes are compared as numbers without a sign.
  for (const auto& name : {std::string("..."), std::string(".hidden"), longest, std::string("z"),
                           std::string("ü"), std::string("\xff\xfe")}) {
    index.add_file(name, 0, 0, 0444);
  }
  const auto nodes = nodes_of(index);
  EXPECT_EQUAL(listing_of(nodes[0].node),
               "...=1001 .hidden=1002 " + longest + "=1003 z=1004 ü=1005 \xff\xfe=1006");
  std::swap(index.records[4], index.records[5]);
  expect_corrupt(index.encode(), "a name that is not ASCII before one that is");
}

TEST("names that were left out of a tree are no part of it") {
  auto index = sample_index();
  index.omitted = std::string("arch/up\0source\0", 15);
  EXPECT_EQUAL(nodes_of(index).size(), 8U);
}

TEST("only the permission bits of a mode are taken") {
  auto index = sample_index();
  index.records[1].mode = 0xffff;
  EXPECT_EQUAL(nodes_of(index)[1].node.mode, 07777);
}

TEST("a file may end at the highest offset that there is, and not behind it") {
  auto index = sample_index();
  index.records[1].where = highest_offset - before_tree;
  index.records[1].amount = 0;
  EXPECT_EQUAL(nodes_of(index).size(), 8U);
  index.records[1].amount = 1;
  expect_corrupt(index.encode(), "a byte behind the last");
  index.records[1].where = 0;
  index.records[1].amount = highest_offset - before_tree;
  EXPECT_EQUAL(nodes_of(index)[1].node.size, highest_offset - before_tree);
}

TEST("a tree index that is cut, or goes on behind its end, is refused") {
  auto index = sample_index();
  index.omitted = "gone";
  const auto bytes = index.encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    expect_corrupt({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)},
                   std::to_string(length) + " bytes");
  }
  auto more = bytes;
  more.push_back(0);
  expect_corrupt(more, "a byte behind the end");
}

TEST("a tree index whose header is not its own is refused") {
  const auto bytes = sample_index().encode();
  for (std::size_t at = 0; at < 8; ++at) {
    auto other = bytes;
    other[at] ^= 1;
    expect_corrupt(other, "another magic");
  }
  // The number of nodes, and the lengths of the pool and of what was left out.
  for (const std::size_t field : {8U, 12U, 16U}) {
    for (const int by : {1, -1, 0x40}) {
      auto other = bytes;
      other[field] = static_cast<std::uint8_t>(other[field] + by);
      expect_corrupt(other, "a length that is not the bytes'");
    }
    for (const std::size_t at : {field + 1, field + 2, field + 3}) {
      auto other = bytes;
      other[at] ^= 0x80;
      expect_corrupt(other, "a length far behind the end");
    }
  }
  expect_corrupt(TreeIndex{}.encode(), "no node at all");
  // Lengths that are right together, but with the border elsewhere: a record more than there is.
  auto index = sample_index();
  index.pool += std::string(40, 'x');
  auto shifted = index.encode();
  shifted[8] = static_cast<std::uint8_t>(shifted[8] + 1);
  shifted[12] = static_cast<std::uint8_t>(shifted[12] - 32);
  expect_corrupt(shifted, "a pool that is read as a record");
}

TEST("a tree index in which any field of a record is wrong is refused") {
  const std::vector<Wrong> all{
      {"a top with a name", [](auto& index) { index.rename(0, "top"); }},
      {"a file as the top", [](auto& index) { index.records[0].kind = file_record; }},
      {"a link as the top", [](auto& index) { index.records[0].kind = link_record; }},
      {"a kind that is none", [](auto& index) { index.records[1].kind = 3; }},
      {"a kind that is none", [](auto& index) { index.records[7].kind = 255; }},
      {"a kind that is none at the top", [](auto& index) { index.records[0].kind = 3; }},
      {"a top that is its own first child", [](auto& index) { index.records[0].where = 0; }},
      {"a top that leaves its first child out", [](auto& index) { index.records[0].where = 2; }},
      {"a first child far outside", [](auto& index) { index.records[0].where = highest; }},
      {"children fewer than there are", [](auto& index) { index.records[0].amount = 3; }},
      {"children that are those of another", [](auto& index) { index.records[0].amount = 5; }},
      {"children more than there are", [](auto& index) { index.records[6].amount = 2; }},
      {"children far more than there are", [](auto& index) { index.records[6].amount = highest; }},
      {"children that come around to the beginning",
       [](auto& index) { index.records[6].amount = highest - 6; }},
      {"nodes in no directory", [](auto& index) { index.records[6].amount = 0; }},
      {"a top without nodes that are there", [](auto& index) { index.records[0].amount = 0; }},
      {"a directory in itself", [](auto& index) { index.records[6].where = 6; }},
      {"a directory with its parent's nodes", [](auto& index) { index.records[2].where = 1; }},
      {"an empty directory whose place is another's", [](auto& index) { index.records[3].where = 6; }},
      {"an empty directory whose place is outside", [](auto& index) { index.records[3].where = 8; }},
      {"a file in the place of its directory", [](auto& index) { index.records[6].kind = file_record; }},
      {"a directory in the place of a file", [](auto& index) { index.records[1].kind = directory_record; }},
      {"a name behind the pool",
       [](auto& index) { index.records[1].name = static_cast<std::uint32_t>(index.pool.size()); }},
      {"a name far behind the pool", [](auto& index) { index.records[1].name = 0xffff'ffff; }},
      {"a name that ends behind the pool",
       [](auto& index) { index.records[7].name_length = static_cast<std::uint16_t>(5); }},
      {"the longest length of a name", [](auto& index) { index.records[1].name_length = 0xffff; }},
      {"no name", [](auto& index) { index.rename(1, ""); }},
      {"a name for this directory", [](auto& index) { index.rename(1, "."); }},
      {"a name for the one above", [](auto& index) { index.rename(1, ".."); }},
      {"a name that leads elsewhere", [](auto& index) { index.rename(1, "/"); }},
      {"a name of two components", [](auto& index) { index.rename(1, "A/b"); }},
      {"a name with a slash at its end", [](auto& index) { index.rename(7, "a/"); }},
      {"a name with a NUL", [](auto& index) { index.rename(1, std::string_view("A\0b", 3)); }},
      {"a name that is too long", [](auto& index) { index.rename(1, std::string(256, 'A')); }},
      {"the same name twice", [](auto& index) { index.rename(2, "Kbuild"); }},
      {"names that are not in order", [](auto& index) { index.rename(1, "b"); }},
      {"names that are in order without their case", [](auto& index) { index.rename(2, "Arch"); }},
      {"a target behind the pool", [](auto& index) { index.records[5].where = index.pool.size(); }},
      {"a target far behind the pool", [](auto& index) { index.records[5].where = highest; }},
      {"a target that ends behind the pool",
       [](auto& index) { index.records[5].amount = index.pool.size(); }},
      {"a target that comes around to the pool", [](auto& index) { index.records[5].amount = highest; }},
      {"content behind all offsets", [](auto& index) { index.records[1].where = highest; }},
      {"content that begins at no offset", [](auto& index) { index.records[1].where = highest_offset + 1; }},
      {"content behind all offsets, in its blob",
       [](auto& index) { index.records[1].where = highest_offset; }},
      {"a size that is none", [](auto& index) { index.records[1].amount = highest; }},
      {"a size that comes around", [](auto& index) { index.records[1].amount = highest - 511; }},
      {"a size that no file can have", [](auto& index) { index.records[1].amount = highest_offset + 1; }},
  };
  for (const auto& wrong : all) {
    auto index = sample_index();
    wrong.make(index);
    expect_corrupt(index.encode(), wrong.what);
  }
}

TEST("a tree index of directories that are only in one another, or whose only node is none, is refused") {
  TreeIndex alone;
  alone.add_directory("", 1, 0);
  alone.add_directory("a", 1, 1);
  expect_corrupt(alone.encode(), "a directory in itself");
  TreeIndex both;
  both.add_directory("", 1, 0);
  both.add_directory("a", 1, 2);
  both.add_directory("b", 3, 0);
  expect_corrupt(both.encode(), "a directory in itself, beside another");
  for (const auto kind : {file_record, link_record}) {
    TreeIndex single;
    single.add_directory("", 0, 0);
    single.records[0].kind = kind;
    expect_corrupt(single.encode(), "an index of a file or a link");
  }
}

TEST("one byte changed anywhere in a tree index is refused, or makes another tree without a fault") {
  const auto bytes = sample_index().encode();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      auto other = bytes;
      other[at] ^= static_cast<std::uint8_t>(1 << bit);
      const auto made = fuse::whole_tree(other, sample_place());
      const auto* nodes = std::get_if<std::vector<NodeUpdate>>(&made);
      if (nodes == nullptr) continue;
      EXPECT_EQUAL(nodes->size(), 8U);
      std::set<NodeId> placed;
      for (const auto& [id, node] : *nodes) {
        if (node.kind != NodeKind::directory) continue;
        for (const auto& entry : directory_of(node).after(0)) EXPECT(placed.insert(entry.node).second);
      }
      EXPECT_EQUAL(placed.size(), 7U);
    }
  }
}

TEST("a tree index of many nodes makes as many, each at once") {
  TreeIndex index;
  constexpr std::uint64_t directories = 300, files = 50;
  index.add_directory("", 1, directories);
  const auto number = [](std::uint64_t i) { return "n" + std::to_string(1000 + i); };
  for (std::uint64_t i = 0; i < directories; ++i)
    index.add_directory(number(i), 1 + directories + i * files, files);
  for (std::uint64_t i = 0; i < directories * files; ++i) index.add_file(number(i % files), i, 1, 0444);
  const auto nodes = nodes_of(index);
  EXPECT_EQUAL(nodes.size(), 1 + directories * (1 + files));
  for (std::uint64_t i = 0; i < directories; ++i) {
    const auto* entry = directory_of(nodes[1 + i].node).find(number(files - 1));
    EXPECT(entry != nullptr);
    EXPECT_EQUAL(entry->node, first + directories + (i + 1) * files);
  }
}

TEST("a tree that was published whole is served to its last byte, and nothing of it is asked for") {
  auto nodes = sample_tree();
  const auto place = sample_place();
  for (auto& update : nodes_of(sample_index(), place)) nodes.push_back(std::move(update));
  Served served(std::move(nodes));
  auto& kernel = served.kernel();
  const auto top = kernel.lookup(sample::root, "unlisted").as<fuse::EntryOut>();
  EXPECT_EQUAL(top.attributes.mode, S_IFDIR | 0755U);
  const auto listed = list(kernel, sample::unlisted, 4096, true);
  EXPECT_EQUAL(names_of(listed), ". .. Kbuild arch empty run");
  EXPECT_EQUAL(listed[1].entry.inode, sample::root);
  EXPECT_EQUAL(listed[2].attributes.attributes.size, 100U);
  const auto arch = kernel.lookup(sample::unlisted, "arch").as<fuse::EntryOut>().node;
  EXPECT_EQUAL(names_of(list(kernel, arch, 4096)), ". .. arm x86");
  const auto link = kernel.lookup(arch, "arm").as<fuse::EntryOut>();
  EXPECT_EQUAL(link.attributes.mode, S_IFLNK | 0777U);
  EXPECT_EQUAL(kernel.ask(Opcode::readlink, link.node).text(), "x86");
  const auto x86 = kernel.lookup(arch, "x86").as<fuse::EntryOut>().node;
  const auto header = kernel.lookup(x86, "ä.h").as<fuse::EntryOut>();
  EXPECT_EQUAL(header.attributes.size, 7U);
  EXPECT_EQUAL(header.attributes.mode, S_IFREG | 0444U);
  EXPECT_EQUAL(header.attributes.modify_time, 1'600'000'000U);
  std::vector<std::uint8_t> wanted(7);
  EXPECT_EQUAL(place.content.blob->read(wanted, before_tree + 2048), 7);
  EXPECT(kernel.read(header.node, 0, 4096).body == wanted);
  EXPECT_EQUAL(kernel.lookup(x86, "absent").as<fuse::EntryOut>().node, 0U);
  EXPECT_EQUAL(
      names_of(list(kernel, kernel.lookup(sample::unlisted, "empty").as<fuse::EntryOut>().node, 4096)),
      ". ..");
  EXPECT_EQUAL(served.asked().size(), 0U);
  EXPECT_EQUAL(kernel.complaint(), "");
}

}  // namespace ikfs::test
