/** READDIR and READDIRPLUS. */
#include "test/listing.h"

#include <sys/stat.h>

#include <cerrno>
#include <set>

#include "test/served.h"

namespace ikfs::test {

using fuse::Directory;
using fuse::NodeKind;
using fuse::Opcode;

namespace {

constexpr fuse::NodeId first_of_many = 1000;

std::vector<Directory::Named> numbered(int from, int count) {
  std::vector<Directory::Named> entries;
  for (int i = from; i < from + count; ++i) {
    entries.push_back(
        {first_of_many + static_cast<fuse::NodeId>(i), NodeKind::file, "f" + std::to_string(i)});
  }
  return entries;
}

}  // namespace

TEST("a listing has all names with their kinds, and each line's length is a multiple of 8") {
  Served served;
  const auto listed = list(served.kernel(), sample::root, 4096);
  EXPECT_EQUAL(names_of(listed), ". .. folder hello link later unlisted live broken");
  const std::vector<unsigned> kinds{S_IFDIR, S_IFDIR, S_IFDIR, S_IFREG, S_IFLNK,
                                    S_IFREG, S_IFDIR, S_IFREG, S_IFREG};
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQUAL(listed[i].entry.type, kinds[i] >> 12);
  EXPECT_EQUAL(listed[0].entry.inode, sample::root);
  const auto below = list(served.kernel(), sample::folder, 4096);
  EXPECT_EQUAL(names_of(below), ". .. inner");
  EXPECT_EQUAL(below[1].entry.inode, sample::root);
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 4096, Opcode::readdir).error, ENOTDIR);
  EXPECT_EQUAL(served.kernel().read(sample::nobody, 0, 4096, Opcode::readdirplus).error, ESTALE);
}

TEST("a listing is the same in pieces of any size") {
  auto nodes = sample_tree();
  nodes.push_back({sample::unlisted, directory(sample::root, numbered(0, 500))});
  Served served(std::move(nodes));
  const auto whole = names_of(list(served.kernel(), sample::unlisted, 1024 * 128));
  for (const bool plus : {false, true}) {
    for (const std::uint32_t size : {192U, 1000U, 4096U, 65536U}) {
      EXPECT_EQUAL(names_of(list(served.kernel(), sample::unlisted, size, plus)), whole);
    }
  }
}

TEST("a listing goes on at the right place when names come and go meanwhile") {
  auto nodes = sample_tree();
  nodes.push_back({sample::unlisted, directory(sample::root, numbered(10, 90))});
  Served served(std::move(nodes));
  const auto begun = listed_in(served.kernel().read(sample::unlisted, 0, 1024, Opcode::readdir), false);
  const auto last = begun.back().name;
  EXPECT(last != "f99" && begun.size() > 20);
  // Half of those that were told go, the next one goes, one in front and some behind come.
  auto changed = numbered(0, 5);
  for (const auto& entry : numbered(30, 90)) {
    if (entry.node != begun.back().entry.inode + 1) changed.push_back(entry);
  }
  served.publish({{sample::unlisted, directory(sample::root, std::move(changed))}});
  std::set<std::string> told;
  for (const auto& each : begun) EXPECT(told.insert(each.name).second);
  for (auto offset = begun.back().entry.offset;;) {
    const auto more = listed_in(served.kernel().read(sample::unlisted, offset, 512, Opcode::readdir), false);
    if (more.empty()) break;
    for (const auto& each : more) EXPECT(told.insert(each.name).second);
    offset = more.back().entry.offset;
  }
  // Whatever was there all the time has been told once.
  for (const auto& entry : numbered(30, 70)) {
    if (entry.node != begun.back().entry.inode + 1) EXPECT_EQUAL(told.count(entry.name), 1U);
  }
  EXPECT_EQUAL(told.count("f119"), 1U);
  EXPECT_EQUAL(told.count("f0"), 0U);
}

TEST("READDIRPLUS tells attributes of what is settled, only the name of the rest, and asks for nothing") {
  Served served;
  const auto listed = list(served.kernel(), sample::root, 4096, true);
  EXPECT_EQUAL(names_of(listed), ". .. folder hello link later unlisted live broken");
  for (const auto& each : listed) {
    const bool only_name =
        each.name == "." || each.name == ".." || each.name == "later" || each.name == "live";
    EXPECT_EQUAL(each.attributes.node, only_name ? 0U : each.entry.inode);
    if (!only_name) EXPECT(each.attributes.entry_valid > 1000 && each.attributes.attributes_valid > 1000);
    if (each.name == "hello") EXPECT_EQUAL(each.attributes.attributes.size, 12U);
  }
  EXPECT_EQUAL(served.asked().size(), 0U);
}

TEST("a listing behind the end is empty, and so is one without room") {
  Served served;
  for (const auto opcode : {Opcode::readdir, Opcode::readdirplus}) {
    constexpr std::uint64_t highest = ~std::uint64_t{0};
    for (const auto offset : {sample::broken + 2, sample::nobody, highest / 2 + 1, highest - 1, highest}) {
      const auto answer = served.kernel().read(sample::root, offset, 4096, opcode);
      EXPECT_EQUAL(answer.error, 0);
      EXPECT_EQUAL(answer.body.size(), 0U);
    }
    for (const std::uint32_t room : {0U, 1U, 24U}) {
      EXPECT_EQUAL(served.kernel().read(sample::root, 0, room, opcode).body.size(), 0U);
    }
  }
}

TEST("a listing never is longer than a mebibyte, whatever is asked for") {
  auto nodes = sample_tree();
  nodes.push_back({sample::unlisted, directory(sample::root, numbered(0, 40000))});
  Served served(std::move(nodes));
  if (served.kernel().longest_answer() <= 1024 * 1024 + sizeof(fuse::OutHeader)) return;
  const auto answer = served.kernel().read(sample::unlisted, 0, ~0U, Opcode::readdir);
  EXPECT(answer.body.size() <= 1024 * 1024 && answer.body.size() > 1024 * 1000);
}

}  // namespace ikfs::test
