/** What each request is answered with. */
#include <sys/stat.h>

#include <cerrno>

#include "test/served.h"

namespace ikfs::test {

using fuse::Opcode;

namespace {

constexpr std::uint64_t a_day = 24 * 60 * 60;

/** A request body of zeros. */
std::vector<std::uint8_t> zeros(std::size_t size) { return std::vector<std::uint8_t>(size); }

void expect_no_complaint(Served& served) { EXPECT_EQUAL(served.kernel().complaint(), ""); }

}  // namespace

TEST("LOOKUP tells a node with its attributes, to be kept for long") {
  Served served;
  const auto answer = served.kernel().lookup(sample::root, "hello");
  EXPECT_EQUAL(answer.body.size(), 128U);
  const auto entry = answer.as<fuse::EntryOut>();
  EXPECT_EQUAL(entry.node, sample::hello);
  EXPECT(entry.entry_valid > a_day && entry.attributes_valid > a_day);
  EXPECT_EQUAL(entry.attributes.inode, sample::hello);
  EXPECT_EQUAL(entry.attributes.size, 12U);
  EXPECT_EQUAL(entry.attributes.blocks, 1U);
  EXPECT_EQUAL(entry.attributes.mode, S_IFREG | 0444U);
  EXPECT_EQUAL(entry.attributes.modify_time, 1'700'000'000U);
  EXPECT_EQUAL(entry.attributes.modify_nanoseconds, 123'456'789U);
  EXPECT_EQUAL(entry.attributes.uid + entry.attributes.gid, 0U);
  EXPECT_EQUAL(served.kernel().lookup(sample::folder, "inner").as<fuse::EntryOut>().node, sample::inner);
  const auto link = served.kernel().lookup(sample::root, "link").as<fuse::EntryOut>();
  EXPECT_EQUAL(link.attributes.mode, S_IFLNK | 0777U);
  EXPECT_EQUAL(link.attributes.size, 12U);
  expect_no_complaint(served);
}

TEST("LOOKUP of a name that is not there is remembered for long as well") {
  Served served;
  for (const auto* name : {"absent", "hell", "hello2", "HELLO"}) {
    const auto answer = served.kernel().lookup(sample::root, name);
    EXPECT_EQUAL(answer.error, 0);
    EXPECT_EQUAL(answer.body.size(), 128U);
    EXPECT_EQUAL(answer.as<fuse::EntryOut>().node, 0U);
    EXPECT(answer.as<fuse::EntryOut>().entry_valid > a_day);
  }
  EXPECT_EQUAL(served.asked().size(), 0U);
}

TEST("LOOKUP refuses what is no directory, and what is no node") {
  Served served;
  EXPECT_EQUAL(served.kernel().lookup(sample::hello, "x").error, ENOTDIR);
  EXPECT_EQUAL(served.kernel().lookup(sample::link, "x").error, ENOTDIR);
  EXPECT_EQUAL(served.kernel().lookup(sample::nobody, "x").error, ESTALE);
  EXPECT_EQUAL(served.kernel().lookup(~0ULL, "x").error, ESTALE);
  EXPECT_EQUAL(served.kernel().lookup(0, "x").error, ESTALE);
}

TEST("GETATTR tells the attributes of every kind, to be kept for long") {
  Served served;
  const auto attributes = [&](fuse::NodeId node) {
    const auto answer = served.kernel().ask(Opcode::getattr, node, {zeros(16)});
    EXPECT_EQUAL(answer.body.size(), 104U);
    EXPECT(answer.as<fuse::AttributesOut>().valid > a_day);
    EXPECT_EQUAL(answer.as<fuse::AttributesOut>().attributes.inode, node);
    return answer.as<fuse::AttributesOut>().attributes;
  };
  EXPECT_EQUAL(attributes(sample::root).mode, S_IFDIR | 0555U);
  EXPECT_EQUAL(attributes(sample::hello).size, 12U);
  EXPECT_EQUAL(attributes(sample::link).mode, S_IFLNK | 0777U);
  EXPECT_EQUAL(served.kernel().ask(Opcode::getattr, sample::nobody, {zeros(16)}).error, ESTALE);
}

TEST("READLINK gives the target without a NUL") {
  Served served;
  EXPECT_EQUAL(served.kernel().ask(Opcode::readlink, sample::link).text(), "folder/inner");
  EXPECT_EQUAL(served.kernel().ask(Opcode::readlink, sample::hello).error, EINVAL);
  EXPECT_EQUAL(served.kernel().ask(Opcode::readlink, sample::nobody).error, ESTALE);
}

TEST("STATFS tells the longest name") {
  Served served;
  const auto answer = served.kernel().ask(Opcode::statfs, sample::root);
  EXPECT_EQUAL(answer.body.size(), 80U);
  EXPECT_EQUAL(answer.as<fuse::StatfsOut>().name_length, 255U);
  EXPECT(answer.as<fuse::StatfsOut>().block_size > 0);
}

TEST("what the kernel does well by itself is answered ENOSYS, once") {
  Served served;
  for (const auto opcode : {Opcode::access, Opcode::getxattr, Opcode::listxattr, Opcode::flush, Opcode::poll,
                            Opcode::lseek, Opcode::fsync, Opcode::statx, Opcode::bmap}) {
    EXPECT_EQUAL(served.kernel().ask(opcode, sample::hello, {zeros(24)}).error, ENOSYS);
  }
  EXPECT_EQUAL(served.kernel().ask(Opcode::ioctl, sample::hello, {zeros(24)}).error, ENOTTY);
  for (const std::uint32_t opcode : {0U, 7U, 19U, 53U, 4096U, ~0U}) {
    EXPECT_EQUAL(served.kernel().answer_to(served.kernel().send(opcode, sample::root)).error, ENOSYS);
  }
  EXPECT_EQUAL(served.session().dispatcher().counters().of(0), 4U);
  expect_no_complaint(served);
}

TEST("what would change the tree is answered EROFS") {
  Served served;
  for (const auto opcode :
       {Opcode::setattr, Opcode::symlink, Opcode::mknod, Opcode::mkdir, Opcode::unlink, Opcode::rmdir,
        Opcode::rename, Opcode::rename2, Opcode::link, Opcode::write, Opcode::create, Opcode::tmpfile,
        Opcode::setxattr, Opcode::removexattr, Opcode::fallocate}) {
    EXPECT_EQUAL(served.kernel().ask(opcode, sample::folder, {zeros(24)}).error, EROFS);
  }
}

TEST("RELEASE, RELEASEDIR and DESTROY are agreed to; requests after them are answered still") {
  Served served;
  for (const auto opcode : {Opcode::release, Opcode::releasedir, Opcode::destroy}) {
    const auto answer = served.kernel().ask(opcode, sample::hello, {zeros(24)});
    EXPECT_EQUAL(answer.error, 0);
    EXPECT_EQUAL(answer.body.size(), 0U);
  }
  EXPECT_EQUAL(served.kernel().lookup(sample::root, "hello").as<fuse::EntryOut>().node, sample::hello);
}

TEST("FORGET and BATCH_FORGET get no answer, and nothing is forgotten") {
  Served served;
  served.kernel().send(Opcode::forget, sample::hello, {zeros(8)});
  served.kernel().send(Opcode::batch_forget, 0, {zeros(8 + 3 * 16)});
  served.settle();
  expect_no_complaint(served);
  EXPECT_EQUAL(served.session().dispatcher().counters().of(static_cast<std::uint32_t>(Opcode::forget)), 1U);
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 4096).text(), "hello, world");
}

}  // namespace ikfs::test
