/**
 * A session under all at once: walkers who look up, list and read, killers who interrupt them, and publishers
 * who change what they look at; then a thousand sessions that begin and end. Whatever happens, each request
 * gets one answer, and what is read was published. Status 1 when it was otherwise.
 *
 *   session_stress [SECONDS, 10 unless given [SEED]]
 */
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "test/listing.h"
#include "test/served.h"
#include "test/stress_world.h"

namespace ikfs::test {

namespace {

using fuse::Need;
using fuse::NodeId;
using fuse::NodeKind;
using fuse::Opcode;

constexpr unsigned walkers = 3;
constexpr unsigned readers = 2;
constexpr int cycles = 1000;

/** Ends the program at once: other threads may wait for what never comes. */
[[noreturn]] void fail(const std::exception& error) {
  std::printf("FAILED: %s\n", error.what());
  std::fflush(stdout);
  std::_Exit(1);
}

/** A thread whose exceptions are failures. */
template <typename Body>
std::thread start(Body body) {
  return std::thread([body = std::move(body)] {
    try {
      body();
    } catch (const std::exception& error) {
      fail(error);
    }
  });
}

/** What came of requests. */
struct Outcomes {
  std::atomic<std::uint64_t> answered = 0, interrupted = 0, failed = 0, overtaken = 0;

  /** Counts an answer. @returns whether it is no error; errors that can not be are thrown */
  bool count(const Answer& answer) {
    answered.fetch_add(1);
    switch (answer.error) {
      case 0:
        return true;
      case EINTR:
        interrupted.fetch_add(1);
        return false;
      // What the world answers with, and what a node that has gone is.
      case ENODATA:
      case ENOENT:
      case ESTALE:
        failed.fetch_add(1);
        return false;
      // A request that waited, and what was made for it changed again before it was answered.
      case EIO:
        overtaken.fetch_add(1);
        return false;
      default:
        throw Unexpected("an answer is errno " + std::to_string(answer.error));
    }
  }
};

/** The whole: two worlds, each changed by a thread of its own, below one root. */
class Stress {
 public:
  Stress()
      : session_(
            kernel_.take_device(), readers,
            [this](NodeId node, Need need) { world_of(node).ask(node, need); },
            [this](int) { ends_.fetch_add(1); }) {
    std::vector<fuse::NodeUpdate> nodes;
    std::vector<fuse::Directory::Named> entries;
    for (auto& world : worlds_) {
      for (auto& update : world.beginning()) nodes.push_back(std::move(update));
      for (std::uint32_t i = 0; i < World::folder_count; ++i) {
        entries.push_back({world.folder(i), NodeKind::directory, World::name_of(world.folder(i))});
      }
    }
    nodes.push_back({sample::root, directory(sample::root, std::move(entries))});
    session_.publish(std::move(nodes), {});
    session_.start();
    const fuse::InitIn init{.major = 7, .minor = 41, .max_readahead = 0, .flags = 0};
    EXPECT_EQUAL(kernel_.ask(Opcode::init, 0, {fuse::bytes_of(init)}).error, 0);
  }

  void run(std::chrono::seconds duration, unsigned seed) {
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < walkers; ++i) {
      clients.push_back(start([this, i, seed] { walk(Random(seed * 100 + i)); }));
    }
    clients.push_back(start([this, seed] { kill(Random(seed * 100 + walkers)); }));
    std::vector<std::thread> publishers;
    for (auto& world : worlds_) {
      const auto number = static_cast<unsigned>(world.folder(0));
      publishers.push_back(start([this, &world, number, seed] {
        world.run(session_, Random(seed * 100 + walkers + number), unchanging_);
      }));
    }
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      notifications_ += kernel_.take_notifications(0).size();
    }
    // Walkers end with their last request answered, so the worlds go on until they have.
    idle_.store(true);
    for (auto& each : clients) each.join();
    unchanging_.store(true);
    for (auto& each : publishers) each.join();
    EXPECT_EQUAL(kernel_.unanswered().size(), 0U);
    kernel_.close();
    session_.join();
    EXPECT_EQUAL(ends_.load(), 1);
    EXPECT_EQUAL(kernel_.complaint(), "");
  }

  void print() const {
    std::printf(
        "%llu requests answered: %llu interrupted, %llu failed as they should, %llu overtaken; "
        "%llu publications, %zu notifications\n",
        number(outcomes_.answered), number(outcomes_.interrupted), number(outcomes_.failed),
        number(outcomes_.overtaken),
        static_cast<unsigned long long>(worlds_[0].publications() + worlds_[1].publications()),
        notifications_);
  }

 private:
  static unsigned long long number(const std::atomic<std::uint64_t>& count) { return count.load(); }

  World& world_of(NodeId node) { return worlds_[0].has(node) ? worlds_[0] : worlds_[1]; }

  void walk(Random random) {
    while (!idle_.load()) {
      auto& world = worlds_[below(random, 2)];
      const auto folder_index = below(random, World::folder_count);
      const auto folder = world.folder(folder_index);
      const auto file = world.file_number(folder_index, below(random, World::files_a_folder));
      switch (below(random, 8)) {
        case 0:
          list_folder(random, folder);
          break;
        case 1:
          get_attributes(world, file);
          break;
        case 2:
          do_other(random, file);
          break;
        case 3:
        case 4:
          look_up(world, folder, file);
          break;
        default:
          read(random, world, file);
          break;
      }
    }
  }

  void look_up(World& world, NodeId folder, NodeId file) {
    const auto first = world.first_visible(file);
    const auto answer = kernel_.lookup(folder, World::name_of(file));
    if (!outcomes_.count(answer)) return;
    const auto entry = answer.as<fuse::EntryOut>();
    if (entry.node == 0) return;
    EXPECT_EQUAL(entry.node, file);
    EXPECT(is_size(entry.attributes.size, file, {first, world.last_visible(file)}));
  }

  void get_attributes(World& world, NodeId file) {
    const auto first = world.first_visible(file);
    const auto answer = kernel_.ask(Opcode::getattr, file);
    if (!outcomes_.count(answer)) return;
    const auto attributes = answer.as<fuse::AttributesOut>().attributes;
    EXPECT(is_size(attributes.size, file, {first, world.last_visible(file)}));
  }

  void read(Random& random, World& world, NodeId file) {
    const auto first = world.first_visible(file);
    const auto offset = below(random, 2) * 8ULL * below(random, 1000);
    const auto size = below(random, 128 * 1024);
    const auto answer = kernel_.read(file, offset, size);
    if (!outcomes_.count(answer)) return;
    EXPECT(is_content(answer.body, file, offset, size, {first, world.last_visible(file)}));
  }

  void list_folder(Random& random, NodeId folder) {
    const bool plus = below(random, 2) == 0;
    const auto size = 512 + below(random, 4096);
    std::set<std::string> names;
    for (std::uint64_t offset = 0;;) {
      const auto answer = kernel_.read(folder, offset, size, plus ? Opcode::readdirplus : Opcode::readdir);
      if (!outcomes_.count(answer)) return;
      const auto listed = listed_in(answer, plus);
      if (listed.empty()) break;
      for (const auto& each : listed) {
        EXPECT(each.entry.offset > offset);
        EXPECT(names.insert(each.name).second);
        offset = each.entry.offset;
      }
    }
    EXPECT(names.size() >= 2 && names.size() <= World::files_a_folder + 2);
  }

  void do_other(Random& random, NodeId file) {
    const std::vector<std::uint8_t> body(24);
    switch (below(random, 5)) {
      case 0:
        kernel_.send(Opcode::forget, file, {body});
        break;
      case 1:
        kernel_.send(Opcode::batch_forget, 0, {body});
        break;
      case 2:
        EXPECT_EQUAL(kernel_.ask(Opcode::statfs, sample::root).error, 0);
        break;
      case 3:
        EXPECT_EQUAL(kernel_.ask(Opcode::open, file, {body}).error, 0);
        break;
      default:
        EXPECT_EQUAL(kernel_.ask(Opcode::getxattr, file, {body}).error, ENOSYS);
        break;
    }
  }

  void kill(Random random) {
    while (!idle_.load()) {
      const auto waiting = kernel_.unanswered();
      const auto some = static_cast<std::uint32_t>(waiting.size());
      const fuse::InterruptIn in{some == 0 ? 1 : waiting[below(random, some)]};
      kernel_.send(Opcode::interrupt, 0, {fuse::bytes_of(in)});
      std::this_thread::sleep_for(std::chrono::microseconds(below(random, 400)));
    }
  }

  FakeKernel kernel_;
  World worlds_[2]{World(2), World(2 + World::folder_count)};
  Outcomes outcomes_;
  std::size_t notifications_ = 0;
  std::atomic<int> ends_ = 0;
  std::atomic<bool> idle_ = false;
  std::atomic<bool> unchanging_ = false;
  fuse::Session session_;
};

/** A session that begins, is asked something, and ends: by either side, with requests that wait or answers on
 * their way. */
void begin_and_end(Random& random) {
  Served served(sample_tree(), 1 + below(random, 2));
  auto& kernel = served.kernel();
  EXPECT_EQUAL(kernel.lookup(sample::root, "hello").as<fuse::EntryOut>().node, sample::hello);
  const auto waits = kernel.send(Opcode::lookup, sample::root, {bytes_of_name("later")});
  if (below(random, 2) == 0) kernel.send(Opcode::interrupt, 0, {fuse::bytes_of(fuse::InterruptIn{waits})});
  if (below(random, 2) == 0) {
    fuse::Delivery delivery;
    delivery.forget_contents.push_back(sample::hello);
    delivery.answered.push_back({.key = {sample::later, Need::settled}, .error = 0});
    delivery.forget_names.push_back({.parent = sample::root, .name = "hello"});
    served.session().publish({{sample::later, file("made")}}, std::move(delivery));
  }
  if (below(random, 2) == 0) kernel.close();
  served.end_session();
  kernel.close();
  EXPECT_EQUAL(served.ends(), 1);
  EXPECT_EQUAL(kernel.complaint(), "");
}

}  // namespace

}  // namespace ikfs::test

int main(int count, char** arguments) {
  using namespace ikfs::test;
  std::signal(SIGPIPE, SIG_IGN);
  const auto seconds = std::chrono::seconds(count > 1 ? std::atoi(arguments[1]) : 10);
  const auto seed = static_cast<unsigned>(count > 2 ? std::atoi(arguments[2]) : 1);
  try {
    Stress stress;
    stress.run(seconds, seed);
    stress.print();
    Random random(seed);
    for (int i = 0; i < cycles; ++i) begin_and_end(random);
    std::printf("%d sessions begun and ended\n", cycles);
    return 0;
  } catch (const std::exception& error) {
    fail(error);
  }
}
