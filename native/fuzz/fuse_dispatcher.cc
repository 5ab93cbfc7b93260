/**
 * Feeds requests to the dispatcher, with changes of the table and answers to what it asks for in between.
 * What comes out must be answers: one for each request, none for FORGET, of the length that they say. The
 * input is a row of steps, each with a byte that tells which; a request follows its length, two bytes, low
 * one first.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "fuse/dispatcher.h"
#include "fuzz/check.h"
#include "test/nodes.h"

namespace ikfs::fuse {

namespace {

/** Bytes of the input, zeros when there are no more. */
class Steps {
 public:
  explicit Steps(Bytes input) : rest_(input) {}

  bool any() const { return !rest_.empty(); }

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  Bytes message() {
    const auto low = byte();
    const auto length = std::min<std::size_t>(low | byte() << 8, rest_.size());
    const auto taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
  }

 private:
  Bytes rest_;
};

/** A request that was sent. */
struct Sent {
  Opcode opcode;
  /** Whether it is as long as it says; what is not may be refused whatever it is. */
  bool whole;
  /** The most bytes that may come back. */
  std::uint64_t most;
  int answers;
};

/** Takes what the dispatcher writes: a file in memory, as it never is full. */
class Answers {
 public:
  Answers() : file_(memfd_create("answers", MFD_CLOEXEC)), device_(UniqueFd(dup(file_.get()))) {}

  const Device& device() const { return device_; }

  /** Forgets what was written. */
  void clear() {
    CHECK(ftruncate(file_.get(), 0) == 0 && lseek(file_.get(), 0, SEEK_SET) == 0);
    seen_ = 0;
  }

  /** Holds what was written since to what was sent. */
  void check(std::map<std::uint64_t, Sent>& sent) {
    const auto end = lseek(file_.get(), 0, SEEK_CUR);
    while (seen_ < end) {
      OutHeader header{};
      CHECK(pread(file_.get(), &header, sizeof(header), seen_) == sizeof(header));
      CHECK(header.length >= sizeof(header) && header.length <= static_cast<std::uint64_t>(end - seen_));
      CHECK(header.error <= 0 && header.error > -512);
      CHECK(header.error == 0 || header.length == sizeof(header));
      const auto request = sent.find(header.unique);
      CHECK(request != sent.end());
      CHECK(++request->second.answers == 1);
      const auto opcode = request->second.opcode;
      CHECK(!request->second.whole || (opcode != Opcode::forget && opcode != Opcode::batch_forget));
      CHECK(header.length - sizeof(header) <= request->second.most);
      seen_ += header.length;
    }
  }

 private:
  UniqueFd file_;
  Device device_;
  off_t seen_ = 0;
};

/** A blob whose bytes never are what was kept. */
class DamagedBlob final : public Blob {
 public:
  ReadCount read(std::span<std::uint8_t>, std::uint64_t) const override { return -damaged_error; }
};

/** Larger than any answer but those whose size is asked for. */
constexpr std::uint64_t most_otherwise = 256;

class Run {
 public:
  explicit Run(Answers& answers)
      : answers_(answers),
        dispatcher_(
            answers.device(), [this](auto, Need need) { repairs_ += need == Need::repaired ? 1 : 0; },
            [this](auto) { ++looked_into_; }) {
    answers_.clear();
    auto nodes = test::sample_tree();
    // Larger than anything that could be read at once.
    nodes.push_back({test::sample::broken, test::file(std::make_shared<MemoryBlob>("short"), 0, 1ULL << 40)});
    dispatcher_.publish(std::move(nodes));
  }

  void step(Steps& steps) {
    const auto action = steps.byte();
    switch (action % 8) {
      case 5:
        dispatcher_.resume(
            {.key = {steps.byte(), static_cast<Need>(steps.byte() % 4)}, .error = steps.byte()}, buffer_);
        break;
      case 6:
        publish(steps.byte() % 16, steps.byte());
        break;
      case 7:
        dispatcher_.close();
        break;
      default:
        send(steps.message(), (action & 0x80) == 0);
        break;
    }
    answers_.check(sent_);
    // Each whole directory is told once, and each read that finds damage asks once.
    CHECK(looked_into_ <= whole_directories_);
    CHECK(repairs_ <= reads_);
  }

  /** When nothing waits any more, everything has had its answer. */
  void end() {
    dispatcher_.close();
    answers_.check(sent_);
    for (const auto& [unique, request] : sent_) {
      const bool silent = request.opcode == Opcode::forget || request.opcode == Opcode::batch_forget ||
                          request.opcode == Opcode::interrupt;
      CHECK(silent || request.answers == 1);
    }
  }

 private:
  /** @param mend whether the header's length is made right; hardly any mutation gets further otherwise */
  void send(Bytes given, bool mend) {
    std::vector<std::uint8_t> message(given.begin(), given.end());
    if (message.size() >= sizeof(InHeader)) {
      InHeader header;
      std::memcpy(&header, message.data(), sizeof(header));
      header.unique = last_unique_ += 2;
      if (mend) header.length = static_cast<std::uint32_t>(message.size());
      std::memcpy(message.data(), &header, sizeof(header));
      if (header.opcode == static_cast<std::uint32_t>(Opcode::read)) ++reads_;
      sent_[header.unique] = {
          .opcode = static_cast<Opcode>(header.opcode),
          .whole = header.length == message.size(),
          .most = most_of(static_cast<Opcode>(header.opcode), Bytes(message).subspan(sizeof(header))),
          .answers = 0,
      };
    }
    dispatcher_.handle(message, buffer_);
  }

  static std::uint64_t most_of(Opcode opcode, Bytes body) {
    ReadIn in;
    const bool sized = opcode == Opcode::read || opcode == Opcode::readdir || opcode == Opcode::readdirplus;
    if (!sized || body.size() < sizeof(in)) return most_otherwise;
    std::memcpy(&in, body.data(), sizeof(in));
    return in.size;
  }

  void publish(NodeId node, std::uint8_t what) {
    using namespace test;
    const std::string bytes(what, 'b');
    Node next;
    switch (what % 8) {
      case 0:
        break;
      case 1:
        next = unsettled(what < 128 ? NodeKind::file : NodeKind::directory);
        break;
      case 2:
        next = unlisted_directory();
        break;
      case 3:
        next = directory(what, {{what, NodeKind::file, "hello"}, {node, NodeKind::none, bytes}}, what >= 128);
        if (what >= 128) ++whole_directories_;
        break;
      case 4:
        next = link_to(bytes);
        break;
      case 5:
        next = volatile_file(bytes);
        break;
      case 6:
        next = what < 128 ? file(std::make_shared<MemoryBlob>(bytes), what / 2, what)
                          : file(std::make_shared<DamagedBlob>(), 0, what);
        break;
      default:
        next = file(bytes);
        break;
    }
    dispatcher_.publish({{node, std::move(next)}});
  }

  Answers& answers_;
  Dispatcher dispatcher_;
  /** Begins empty, as that of each thread does. */
  Dispatcher::Buffer buffer_;
  std::map<std::uint64_t, Sent> sent_;
  std::uint64_t last_unique_ = 0;
  unsigned whole_directories_ = 0;
  unsigned looked_into_ = 0;
  unsigned reads_ = 0;
  unsigned repairs_ = 0;
};

}  // namespace

}  // namespace ikfs::fuse

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ikfs::fuse::Answers answers;
  ikfs::fuse::Run run(answers);
  for (ikfs::fuse::Steps steps({data, size}); steps.any();) run.step(steps);
  run.end();
  return 0;
}
