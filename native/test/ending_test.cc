/** The end of a session. */
#include <cerrno>
#include <csignal>

#include "test/served.h"

namespace ikfs::test {

using fuse::Need;
using fuse::Opcode;

namespace {

std::uint64_t send_lookup_that_waits(Served& served) {
  return served.kernel().send(Opcode::lookup, sample::root, {bytes_of_name("later")});
}

}  // namespace

TEST("a kernel that hangs up ends the session, which tells it once") {
  for (const unsigned readers : {1U, 2U, 8U}) {
    Served served(sample_tree(), readers);
    served.kernel().close();
    EXPECT_EQUAL(served.wait_for_end(), 0);
    served.session().join();
    EXPECT_EQUAL(served.ends(), 1);
    served.end_session();
    EXPECT_EQUAL(served.ends(), 1);
  }
}

TEST("a session that ends by itself refuses what waits, and tells it once") {
  for (const unsigned readers : {1U, 2U, 8U}) {
    Served served(sample_tree(), readers);
    const auto one = send_lookup_that_waits(served);
    const auto other = served.kernel().send(Opcode::getattr, sample::later);
    while (served.session().dispatcher().counters().of(static_cast<std::uint32_t>(Opcode::getattr)) == 0 ||
           served.session().dispatcher().counters().of(static_cast<std::uint32_t>(Opcode::lookup)) == 0) {
      std::this_thread::yield();
    }
    served.end_session();
    EXPECT_EQUAL(served.kernel().answer_to(one).error, ENOTCONN);
    EXPECT_EQUAL(served.kernel().answer_to(other).error, ENOTCONN);
    EXPECT_EQUAL(served.ends(), 1);
    EXPECT_EQUAL(served.kernel().complaint(), "");
  }
}

TEST("a session that was never started ends, and tells nothing") {
  FakeKernel kernel;
  int ends = 0;
  {
    const fuse::Session session(
        kernel.take_device(), 2, [](auto, auto) {}, [&](int) { ++ends; });
  }
  EXPECT_EQUAL(ends, 0);
}

TEST("stop() ends the threads and no more: what is published later is let be") {
  Served served;
  const auto waits = send_lookup_that_waits(served);
  served.settle();
  served.session().stop();
  EXPECT_EQUAL(served.wait_for_end(), 0);
  EXPECT_EQUAL(served.kernel().answer_to(waits).error, ENOTCONN);
  const auto unheard = served.kernel().send(Opcode::statfs, sample::root);
  served.publish({{sample::later, file("too late")}}, {{.key = {sample::later, Need::settled}, .error = 0}});
  served.session().stop();
  served.end_session();
  EXPECT(!served.kernel().has_answered(unheard));
  EXPECT_EQUAL(served.kernel().complaint(), "");
}

TEST("publishing to a kernel that has hung up is let be") {
  Served served;
  send_lookup_that_waits(served);
  served.settle();
  served.kernel().close();
  served.wait_for_end();
  fuse::Delivery delivery;
  delivery.forget_contents.push_back(sample::hello);
  delivery.forget_names.push_back({.parent = sample::root, .name = "hello"});
  delivery.answered.push_back({.key = {sample::later, Need::settled}, .error = 0});
  served.session().publish({{sample::later, file("too late")}}, std::move(delivery));
}

TEST("a session ends while answers are on their way") {
  for (int i = 0; i < 20; ++i) {
    Served served(sample_tree(), 2);
    for (int each = 0; each < 10; ++each) send_lookup_that_waits(served);
    served.publish({{sample::later, file("just made")}},
                   {{.key = {sample::later, Need::settled}, .error = 0}});
    served.end_session();
    EXPECT_EQUAL(served.ends(), 1);
    EXPECT_EQUAL(served.kernel().complaint(), "");
  }
}

}  // namespace ikfs::test
