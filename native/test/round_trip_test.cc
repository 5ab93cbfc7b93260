/** Looking at a mount from within, and what readers are at meanwhile. */
#include "fuse/round_trip.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <future>

#include "fuse/own_files.h"
#include "test/folder.h"
#include "test/served.h"

namespace ikfs::test {

using fuse::Opcode;
using fuse::RoundTrip;

namespace {

template <typename Look>
int outcome_of(Look look) {
  std::promise<int> outcome;
  look([&](int error) { outcome.set_value(error); });
  return outcome.get_future().get();
}

}  // namespace

TEST("a round trip tells what came of it, and leaves nothing under way") {
  const Folder folder;
  folder.write("status.json", "{}");
  RoundTrip trip;
  EXPECT_EQUAL(outcome_of([&](auto done) { trip.ask(folder.path(), done); }), 0);
  EXPECT_EQUAL(outcome_of([&](auto done) { trip.ask(folder.path() / "missing", done); }), ENOENT);
  EXPECT_EQUAL(outcome_of([&](auto done) { trip.look_at(folder.path() / "status.json", done); }), 0);
  EXPECT_EQUAL(outcome_of([&](auto done) { trip.look_at(folder.path() / "missing", done); }), ENOENT);
  EXPECT_EQUAL(outcome_of([&](auto done) { trip.look_at(folder.path() / "status.json" / "below", done); }),
               ENOTDIR);
  EXPECT(trip.idle());
}

TEST("a thread that leaves open files has none, and the others keep theirs") {
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int inside = 0;
  std::thread([&] {
    fuse::leave_open_files();
    inside = fcntl(file, F_GETFD) < 0 ? errno : 0;
  }).join();
  EXPECT_EQUAL(inside, EBADF);
  EXPECT(fcntl(file, F_GETFD) >= 0);
  close(file);
}

TEST("a session tells how many wait, and that no reader is at anything then") {
  Served served;
  EXPECT_EQUAL(served.session().work().waiting, 0U);
  const auto waits = served.kernel().send(Opcode::lookup, sample::root, {bytes_of_name("later")});
  served.settle();
  EXPECT_EQUAL(served.session().work().waiting, 1U);
  served.publish({{sample::later, file("made")}},
                 {{.key = {sample::later, fuse::Need::settled}, .error = 0}});
  EXPECT_EQUAL(served.kernel().answer_to(waits).error, 0);
  EXPECT_EQUAL(served.session().work().waiting, 0U);
}

}  // namespace ikfs::test
