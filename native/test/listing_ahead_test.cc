/** Directories of whole trees that are looked into, and what is listed ahead because of it. */
#include "fuse/listing_ahead.h"

#include <poll.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "fuse/whole_tree.h"
#include "test/folder.h"
#include "test/listing.h"
#include "test/served.h"
#include "test/tree_index.h"

namespace ikfs::test {

using fuse::ListingAhead;
using fuse::NodeId;
using fuse::NodeKind;
using fuse::NodeTable;
using fuse::Opcode;

namespace {

namespace fs = std::filesystem;

constexpr NodeId first = 1000;
constexpr NodeId arch = first + 2;
constexpr NodeId empty = first + 3;
constexpr NodeId x86 = first + 6;

/** The sample index as a tree below the root of the sample: its directory without names. */
std::vector<fuse::NodeUpdate> sample_whole_tree() {
  const fuse::TreePlace place{.top = sample::unlisted,
                              .parent = sample::root,
                              .first = first,
                              .modified = 0,
                              .content = {std::make_shared<fuse::MemoryBlob>(std::string(4096, 'x')), 0}};
  return std::get<std::vector<fuse::NodeUpdate>>(fuse::whole_tree(sample_index().encode(), place));
}

/** The nodes of the sample, with a whole tree among them. */
std::vector<fuse::NodeUpdate> nodes_with_whole_tree() {
  auto nodes = sample_tree();
  for (auto& update : sample_whole_tree()) nodes.push_back(std::move(update));
  return nodes;
}

void expect_looked_into(Served& served, const std::vector<NodeId>& wanted) {
  EXPECT(served.looked_into() == wanted);
}

/** Folders that stand for a mount with the nodes above, each watched for being listed. */
class Watched {
 public:
  Watched() : watch_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    EXPECT(watch_.get() >= 0);
    for (const auto* name : {"", "folder", "folder/inside", "unlisted", "unlisted/arch", "unlisted/arch/x86",
                             "unlisted/empty"}) {
      fs::create_directories(folder_.path() / name);
      if (*name != '\0') folder_.write(std::string(name) + "/a file", "");
      const int number =
          inotify_add_watch(watch_.get(), (folder_.path() / name).c_str(), IN_ACCESS | IN_CLOSE_NOWRITE);
      EXPECT(number >= 0);
      names_.emplace_back(number, name);
    }
  }

  std::string path() const { return folder_.path(); }

  /** Waits until a listing of a folder has ended. @returns which one; nothing when the wait was in vain */
  std::optional<std::string> next_listed(int milliseconds = 60'000) {
    for (bool read = false;;) {
      if (rest_.empty() && !receive(milliseconds)) return std::nullopt;
      inotify_event event{};
      std::memcpy(&event, rest_.data(), sizeof(event));
      rest_.erase(0, sizeof(event) + event.len);
      // With a name it is of something in the folder.
      if (event.len != 0) continue;
      if ((event.mask & IN_ACCESS) != 0) read = true;
      if ((event.mask & IN_CLOSE_NOWRITE) == 0) continue;
      EXPECT(read);
      return name_of(event.wd);
    }
  }

 private:
  bool receive(int milliseconds) {
    pollfd waiting{.fd = watch_.get(), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, milliseconds) <= 0) return false;
    std::array<char, 4096> room;
    const auto length = read(watch_.get(), room.data(), room.size());
    EXPECT(length > 0);
    rest_.assign(room.data(), static_cast<std::size_t>(length));
    return true;
  }

  std::string name_of(int number) const {
    const auto found = std::find_if(names_.begin(), names_.end(),
                                    [number](const auto& each) { return each.first == number; });
    EXPECT(found != names_.end());
    return found->second;
  }

  Folder folder_;
  UniqueFd watch_;
  std::vector<std::pair<int, std::string>> names_;
  /** What was read of the watch and not looked at yet. */
  std::string rest_;
};

/** A table that does not change, with the nodes above. */
ListingAhead::Table fixed_table(std::vector<fuse::NodeUpdate> more = {}) {
  auto nodes = nodes_with_whole_tree();
  for (auto& update : more) nodes.push_back(std::move(update));
  return [table = NodeTable().with(std::move(nodes))] { return table; };
}

}  // namespace

TEST("the first LOOKUP of a file in each directory of a whole tree is told, once, also of an absent one") {
  Served served(nodes_with_whole_tree());
  auto& kernel = served.kernel();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQUAL(kernel.lookup(sample::unlisted, "Kbuild").as<fuse::EntryOut>().node, first + 1);
    EXPECT_EQUAL(kernel.lookup(sample::unlisted, "arch").as<fuse::EntryOut>().node, arch);
    expect_looked_into(served, {sample::unlisted});
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQUAL(kernel.lookup(arch, "absent").as<fuse::EntryOut>().node, 0U);
  expect_looked_into(served, {sample::unlisted, arch});
  kernel.lookup(empty, "absent");
  kernel.lookup(x86, "ä.h");
  kernel.lookup(arch, "arm");
  kernel.lookup(sample::unlisted, "run");
  expect_looked_into(served, {sample::unlisted, arch, empty, x86});
}

TEST("LOOKUP in other directories is never told, nor are directories and other requests in a whole tree") {
  Served served(nodes_with_whole_tree());
  auto& kernel = served.kernel();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQUAL(kernel.lookup(sample::root, "hello").as<fuse::EntryOut>().node, sample::hello);
    EXPECT_EQUAL(kernel.lookup(sample::folder, "inner").as<fuse::EntryOut>().node, sample::inner);
    kernel.lookup(sample::folder, "absent");
    kernel.lookup(sample::root, "unlisted");
    // So does who walks a tree, and lists it anyway.
    EXPECT_EQUAL(kernel.lookup(sample::unlisted, "arch").as<fuse::EntryOut>().node, arch);
    EXPECT_EQUAL(kernel.lookup(arch, "x86").as<fuse::EntryOut>().node, x86);
    EXPECT_EQUAL(kernel.lookup(first + 1, "in a file").error, ENOTDIR);
    EXPECT_EQUAL(kernel.lookup(sample::nobody, "in nothing").error, ESTALE);
    for (const auto node : {sample::unlisted, arch}) {
      list(kernel, node, 4096);
      list(kernel, node, 4096, true);
      kernel.ask(Opcode::getattr, node);
      kernel.ask(Opcode::opendir, node);
    }
    EXPECT_EQUAL(kernel.read(first + 1, 0, 4).text(), "xxxx");
  }
  expect_looked_into(served, {});
}

TEST("LOOKUPs that waited for a whole tree are told as one, those for mere names not at all") {
  for (const bool whole : {true, false}) {
    Served served;
    std::vector<std::uint64_t> lookups;
    for (const auto* name : {"Kbuild", "run", "absent"})
      lookups.push_back(served.kernel().send(Opcode::lookup, sample::unlisted, {bytes_of_name(name)}));
    served.settle();
    expect_looked_into(served, {});
    auto nodes = sample_whole_tree();
    if (!whole) nodes = {{sample::unlisted, directory(sample::root, {})}};
    served.publish(std::move(nodes), {{.key = {sample::unlisted, fuse::Need::names}, .error = 0}});
    for (const auto lookup : lookups) EXPECT_EQUAL(served.kernel().answer_to(lookup).error, 0);
    served.settle();
    expect_looked_into(served, whole ? std::vector<NodeId>{sample::unlisted} : std::vector<NodeId>{});
  }
}

TEST("a whole tree that is published anew is told anew") {
  Served served(nodes_with_whole_tree());
  served.kernel().lookup(sample::unlisted, "run");
  served.publish(sample_whole_tree());
  served.kernel().lookup(sample::unlisted, "run");
  served.kernel().lookup(sample::unlisted, "run");
  expect_looked_into(served, {sample::unlisted, sample::unlisted});
}

TEST("LOOKUPs by several threads at once are told as one") {
  Served served(nodes_with_whole_tree(), 4);
  std::vector<std::uint64_t> lookups;
  for (int i = 0; i < 100; ++i) {
    lookups.push_back(served.kernel().send(Opcode::lookup, sample::unlisted, {bytes_of_name("run")}));
    lookups.push_back(served.kernel().send(Opcode::lookup, arch, {bytes_of_name("arm")}));
    lookups.push_back(served.kernel().send(Opcode::lookup, sample::folder, {bytes_of_name("inner")}));
  }
  for (const auto lookup : lookups) EXPECT_EQUAL(served.kernel().answer_to(lookup).error, 0);
  auto told = served.looked_into();
  std::sort(told.begin(), told.end());
  EXPECT(told == std::vector<NodeId>({sample::unlisted, arch}));
}

TEST("a directory that was looked into is listed where it is in the mount") {
  Watched watched;
  Served served(nodes_with_whole_tree());
  ListingAhead ahead([&] { return served.session().dispatcher().table(); });
  ahead.begin(watched.path());
  served.kernel().lookup(sample::unlisted, "run");
  served.kernel().lookup(x86, "ä.h");
  for (const auto directory : served.looked_into()) ahead.looked_into(directory);
  EXPECT_EQUAL(watched.next_listed().value(), "unlisted");
  EXPECT_EQUAL(watched.next_listed().value(), "unlisted/arch/x86");
  ahead.looked_into(sample::root);
  EXPECT_EQUAL(watched.next_listed().value(), "");
  ahead.end();
  EXPECT(ahead.idle());
}

TEST("nothing is listed before there is a mount, nor after the end of listing") {
  Watched watched;
  ListingAhead ahead(fixed_table());
  ahead.looked_into(arch);
  EXPECT(ahead.idle());
  ahead.begin(watched.path());
  ahead.looked_into(empty);
  EXPECT_EQUAL(watched.next_listed().value(), "unlisted/empty");
  ahead.stop();
  ahead.looked_into(arch);
  ahead.end();
  EXPECT(ahead.idle());
  EXPECT(!watched.next_listed(0));
}

TEST("what is no directory of the tree, or no longer one, is not listed, and others are still") {
  Watched watched;
  constexpr NodeId unnamed = 3000, one = 3001, other = 3002;
  ListingAhead ahead(fixed_table({
      // In no directory; and two in each other.
      {unnamed, directory(sample::root, {})},
      {one, directory(other, {{other, NodeKind::directory, "a"}})},
      {other, directory(one, {{one, NodeKind::directory, "b"}})},
      // In one that is no directory, or no node.
      {3003, directory(sample::hello, {})},
      {3004, directory(sample::nobody, {})},
      // In one whose names are not known.
      {3005, unlisted_directory()},
      {3006, directory(3005, {})},
      // In one that has another at its place.
      {sample::folder, directory(sample::root, {{3008, NodeKind::directory, "inside"}})},
      {3007, directory(sample::folder, {})},
  }));
  ahead.begin(watched.path());
  for (const NodeId node : {NodeId{0}, sample::hello, sample::link, sample::nobody, ~NodeId{0}, unnamed, one,
                            other, NodeId{3003}, NodeId{3004}, NodeId{3005}, NodeId{3006}, NodeId{3007}}) {
    ahead.looked_into(node);
  }
  fs::rename(watched.path() + "/unlisted/arch/x86", watched.path() + "/elsewhere");
  ahead.looked_into(x86);
  ahead.looked_into(empty);
  EXPECT_EQUAL(watched.next_listed().value(), "unlisted/empty");
  ahead.end();
  EXPECT(!watched.next_listed(0));
}

TEST("the end of listing waits for one listing at most, and then nothing is outstanding") {
  Watched watched;
  ListingAhead ahead(fixed_table());
  ahead.begin(watched.path());
  for (int i = 0; i < 1000; ++i) ahead.looked_into(arch);
  ahead.end();
  EXPECT(ahead.idle());
}

}  // namespace ikfs::test
