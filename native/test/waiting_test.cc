/** Requests that wait for what is not known yet. */
#include <cerrno>

#include "test/listing.h"
#include "test/served.h"

namespace ikfs::test {

using fuse::Need;
using fuse::NodeKind;
using fuse::Opcode;

namespace {

std::uint64_t send_lookup(Served& served, fuse::NodeId parent, const std::string& name) {
  return served.kernel().send(Opcode::lookup, parent, {bytes_of_name(name)});
}

std::uint64_t send_interrupt(Served& served, std::uint64_t unique) {
  return served.kernel().send(Opcode::interrupt, 0, {fuse::bytes_of(fuse::InterruptIn{unique})});
}

void expect_asked(Served& served, const std::vector<Served::Asked>& wanted) {
  EXPECT(served.asked() == wanted);
}

fuse::Answered answered(fuse::NodeId node, Need need, int error = 0) {
  return {.key = {node, need}, .error = error};
}

constexpr fuse::NodeId made = 20;

}  // namespace

TEST("a LOOKUP where names are unknown is answered when they are published") {
  Served served;
  const auto there = send_lookup(served, sample::unlisted, "made");
  const auto absent = send_lookup(served, sample::unlisted, "absent");
  served.settle();
  EXPECT(!served.kernel().has_answered(there) && !served.kernel().has_answered(absent));
  expect_asked(served, {{sample::unlisted, Need::names}});
  served.publish({{sample::unlisted, directory(sample::root, {{made, NodeKind::file, "made"}})},
                  {made, file("at last")}},
                 {answered(sample::unlisted, Need::names)});
  EXPECT_EQUAL(served.kernel().answer_to(there).as<fuse::EntryOut>().node, made);
  EXPECT_EQUAL(served.kernel().answer_to(absent).as<fuse::EntryOut>().node, 0U);
  expect_asked(served, {{sample::unlisted, Need::names}});
}

TEST("names first, then the file: each is asked for once, however many wait") {
  Served served;
  std::vector<std::uint64_t> lookups;
  for (int i = 0; i < 5; ++i) lookups.push_back(send_lookup(served, sample::unlisted, "made"));
  served.settle();
  served.publish({{sample::unlisted, directory(sample::root, {{made, NodeKind::file, "made"}})},
                  {made, unsettled(NodeKind::file)}},
                 {answered(sample::unlisted, Need::names)});
  served.wait_for_asks(2);
  lookups.push_back(send_lookup(served, sample::unlisted, "made"));
  served.settle();
  for (const auto lookup : lookups) EXPECT(!served.kernel().has_answered(lookup));
  served.publish({{made, file("at last")}}, {answered(made, Need::settled)});
  for (const auto lookup : lookups)
    EXPECT_EQUAL(served.kernel().answer_to(lookup).as<fuse::EntryOut>().attributes.size, 7U);
  expect_asked(served, {{sample::unlisted, Need::names}, {made, Need::settled}});
}

TEST(
    "LOOKUP and GETATTR of a file that is being made wait for it, a READ never does; others go on "
    "meanwhile") {
  Served served;
  const auto lookup = send_lookup(served, sample::root, "later");
  const auto getattr = served.kernel().send(Opcode::getattr, sample::later);
  const fuse::ReadIn in{
      .handle = 0, .offset = 4, .size = 4096, .read_flags = 0, .lock_owner = 0, .flags = 0, .padding = 0};
  const auto read = served.kernel().send(Opcode::read, sample::later, {fuse::bytes_of(in)});
  EXPECT_EQUAL(served.kernel().answer_to(read).error, ESTALE);
  served.settle();
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 100).text(), "hello, world");
  EXPECT_EQUAL(served.kernel().unanswered().size(), 2U);
  served.publish({{sample::later, file("made now")}}, {answered(sample::later, Need::settled)});
  EXPECT_EQUAL(served.kernel().answer_to(lookup).as<fuse::EntryOut>().attributes.size, 8U);
  EXPECT_EQUAL(served.kernel().answer_to(getattr).as<fuse::AttributesOut>().attributes.size, 8U);
  expect_asked(served, {{sample::later, Need::settled}});
}

TEST("an error reaches all that wait, and the next request asks again") {
  Served served;
  const auto first = send_lookup(served, sample::root, "later");
  const auto second = served.kernel().send(Opcode::getattr, sample::later);
  served.settle();
  served.publish({}, {answered(sample::later, Need::settled, ENODATA)});
  EXPECT_EQUAL(served.kernel().answer_to(first).error, ENODATA);
  EXPECT_EQUAL(served.kernel().answer_to(second).error, ENODATA);
  const auto again = send_lookup(served, sample::root, "later");
  served.settle();
  expect_asked(served, {{sample::later, Need::settled}, {sample::later, Need::settled}});
  served.publish({{sample::later, file("mended")}}, {answered(sample::later, Need::settled)});
  EXPECT_EQUAL(served.kernel().answer_to(again).as<fuse::EntryOut>().attributes.size, 6U);
}

TEST("an answer that settles nothing is EIO, not a wait for ever") {
  Served served;
  const auto lookup = send_lookup(served, sample::root, "later");
  const auto readdir = served.kernel().send(Opcode::readdir, sample::unlisted,
                                            {fuse::bytes_of(fuse::ReadIn{.handle = 0,
                                                                         .offset = 0,
                                                                         .size = 4096,
                                                                         .read_flags = 0,
                                                                         .lock_owner = 0,
                                                                         .flags = 0,
                                                                         .padding = 0})});
  served.settle();
  served.publish({}, {answered(sample::later, Need::settled), answered(sample::unlisted, Need::names)});
  EXPECT_EQUAL(served.kernel().answer_to(lookup).error, EIO);
  EXPECT_EQUAL(served.kernel().answer_to(readdir).error, EIO);
}

TEST("a name that turns out not to be there is answered as absent, or with what was told") {
  Served served;
  const auto absent = send_lookup(served, sample::root, "later");
  served.settle();
  auto nodes = sample_tree();
  nodes.resize(1);
  nodes[0].node = directory(sample::root, {{sample::hello, NodeKind::file, "hello"}});
  nodes.push_back({sample::later, gone()});
  served.publish(std::move(nodes), {answered(sample::later, Need::settled, ENOENT)});
  EXPECT_EQUAL(served.kernel().answer_to(absent).as<fuse::EntryOut>().node, 0U);
  EXPECT_EQUAL(served.kernel().ask(Opcode::getattr, sample::later).error, ESTALE);
}

TEST("INTERRUPT ends a request that waits with EINTR, and asks for one that is not here again") {
  Served served;
  const auto stays = send_lookup(served, sample::root, "later");
  const auto killed = send_lookup(served, sample::root, "later");
  served.settle();
  send_interrupt(served, killed);
  EXPECT_EQUAL(served.kernel().answer_to(killed).error, EINTR);
  EXPECT_EQUAL(served.kernel().answer_to(send_interrupt(served, killed)).error, EAGAIN);
  EXPECT_EQUAL(served.kernel().answer_to(send_interrupt(served, 123456)).error, EAGAIN);
  served.publish({{sample::later, file("for one")}}, {answered(sample::later, Need::settled)});
  EXPECT_EQUAL(served.kernel().answer_to(stays).error, 0);
  EXPECT_EQUAL(served.kernel().complaint(), "");
}

TEST("when everybody was interrupted, what is being made is not asked for twice") {
  Served served;
  const auto killed = send_lookup(served, sample::root, "later");
  served.settle();
  send_interrupt(served, killed);
  served.kernel().answer_to(killed);
  const auto next = send_lookup(served, sample::root, "later");
  served.settle();
  expect_asked(served, {{sample::later, Need::settled}});
  served.publish({{sample::later, file("made")}}, {answered(sample::later, Need::settled)});
  EXPECT_EQUAL(served.kernel().answer_to(next).error, 0);
}

TEST("a volatile file is asked for each time, and nothing of it is kept") {
  Served served;
  for (const std::string bytes : {"first", "second one", ""}) {
    const auto lookup = send_lookup(served, sample::root, "live");
    const auto getattr = served.kernel().send(Opcode::getattr, sample::live);
    served.settle();
    EXPECT(!served.kernel().has_answered(lookup) && !served.kernel().has_answered(getattr));
    served.publish({{sample::live, volatile_file(bytes)}}, {answered(sample::live, Need::renewed)});
    const auto entry = served.kernel().answer_to(lookup).as<fuse::EntryOut>();
    EXPECT_EQUAL(entry.attributes_valid, 0U);
    EXPECT_EQUAL(entry.attributes.size, bytes.size());
    const auto attributes = served.kernel().answer_to(getattr).as<fuse::AttributesOut>();
    EXPECT_EQUAL(attributes.valid, 0U);
    EXPECT_EQUAL(attributes.attributes.size, bytes.size());
    EXPECT_EQUAL(served.kernel().read(sample::live, 0, 100).text(), bytes);
  }
  expect_asked(served,
               {{sample::live, Need::renewed}, {sample::live, Need::renewed}, {sample::live, Need::renewed}});
}

TEST("a READDIR where names are unknown waits, and goes on where it was asked to") {
  Served served;
  const fuse::ReadIn in{
      .handle = 0, .offset = 2, .size = 4096, .read_flags = 0, .lock_owner = 0, .flags = 0, .padding = 0};
  const auto plain = served.kernel().send(Opcode::readdir, sample::unlisted, {fuse::bytes_of(in)});
  const auto plus = served.kernel().send(Opcode::readdirplus, sample::unlisted, {fuse::bytes_of(in)});
  served.settle();
  expect_asked(served, {{sample::unlisted, Need::names}});
  served.publish({{sample::unlisted, directory(sample::root, {{made, NodeKind::file, "made"}})},
                  {made, unsettled(NodeKind::file)}},
                 {answered(sample::unlisted, Need::names)});
  EXPECT_EQUAL(names_of(listed_in(served.kernel().answer_to(plain), false)), "made");
  EXPECT_EQUAL(names_of(listed_in(served.kernel().answer_to(plus), true)), "made");
}

TEST("the kernel is told what to forget, in the protocol's form") {
  Served served;
  fuse::Delivery delivery;
  delivery.forget_contents.push_back(sample::hello);
  delivery.forget_names.push_back({.parent = sample::folder, .name = "inner"});
  served.session().publish({}, std::move(delivery));
  auto both = served.kernel().take_notifications(2);
  EXPECT_EQUAL(both.size(), 2U);
  if (both[0].error != -static_cast<int>(fuse::Notification::invalidate_inode)) std::swap(both[0], both[1]);
  const auto content = both[0].as<fuse::InvalidateInodeOut>();
  EXPECT_EQUAL(both[0].body.size(), sizeof(content));
  EXPECT_EQUAL(content.node, sample::hello);
  EXPECT(content.offset == 0 && content.length == 0);
  EXPECT_EQUAL(both[1].error, -static_cast<int>(fuse::Notification::invalidate_entry));
  const auto name = both[1].as<fuse::InvalidateEntryOut>();
  EXPECT_EQUAL(name.parent, sample::folder);
  EXPECT_EQUAL(name.name_length, 5U);
  EXPECT_EQUAL(both[1].text(sizeof(name)), std::string("inner\0", 6));
}

}  // namespace ikfs::test
