/** What a fenced daemon and its keeper say to each other. */
#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "keeper/messages.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using namespace ikfs::keeper;

struct Pair {
  UniqueFd daemons;
  UniqueFd keepers;
};

Pair connected() {
  std::array<int, 2> ends{};
  EXPECT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/** What the daemon makes of bytes in place of an answer. */
Result<Answer> heard(const std::string& bytes) {
  const auto pair = connected();
  EXPECT(send(pair.keepers.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return receive_answer(pair.daemons.get());
}

FailureCode code_of(const Result<Answer>& answer) {
  EXPECT(std::holds_alternative<Failure>(answer));
  return std::get<Failure>(answer).code;
}

}  // namespace

TEST("a keeper takes each request, nothing else for one, and sees the daemon's end") {
  auto pair = connected();
  for (const auto request : {Request::mount, Request::unmount, Request::detach}) {
    EXPECT(send_request(pair.daemons.get(), request));
    EXPECT(receive_request(pair.keepers.get()) == request);
  }
  for (const std::string& nonsense : {std::string("x"), std::string("mm"), std::string(5000, 'm')}) {
    EXPECT(send(pair.daemons.get(), nonsense.data(), nonsense.size(), 0) > 0);
    EXPECT(!receive_request(pair.keepers.get()));
  }
  pair.daemons = UniqueFd();
  EXPECT(!receive_request(pair.keepers.get()));
  EXPECT(!send_answer(pair.keepers.get(), {}));
}

TEST("an answer brings a descriptor, that there was nothing to do, or why it failed, however long that is") {
  const auto pair = connected();
  EXPECT(send_answer(pair.keepers.get(), {.device = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))}));
  const auto mounted = receive_answer(pair.daemons.get());
  const auto& device = std::get<Answer>(mounted).device;
  EXPECT(fcntl(device.get(), F_GETFD) == FD_CLOEXEC);

  EXPECT(send_answer(pair.keepers.get(), {.was_not_mounted = true}));
  const auto nothing = receive_answer(pair.daemons.get());
  EXPECT(std::get<Answer>(nothing).was_not_mounted);

  EXPECT(send_answer(pair.keepers.get(), {.failure = Failure{FailureCode::denied, std::string(9000, 'w')}}));
  const auto failed = receive_answer(pair.daemons.get());
  const auto& failure = std::get<Answer>(failed).failure;
  EXPECT(failure && failure->code == FailureCode::denied);
  EXPECT_EQUAL(failure->message, std::string(4094, 'w'));
}

TEST("a daemon takes nothing for an answer that is none") {
  EXPECT(code_of(heard("x")) == FailureCode::corrupt);
  EXPECT(code_of(heard("f")) == FailureCode::corrupt);
  EXPECT(code_of(heard("f\x7f")) == FailureCode::corrupt);
  EXPECT(code_of(heard("f\xff")) == FailureCode::corrupt);
  auto pair = connected();
  pair.keepers = UniqueFd();
  EXPECT(code_of(receive_answer(pair.daemons.get())) == FailureCode::unavailable);
}

}  // namespace ikfs::test
