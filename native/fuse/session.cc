#include "fuse/session.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>

namespace ikfs::fuse {

namespace {

/** Room for a request: no more than a page can be written, and the kernel refuses to read into less than 8
 * KiB. */
constexpr std::size_t request_room = 16 * 1024;

/** How far threads that answer go before others (setpriority(2); on Linux a thread has a niceness of its
 * own). */
constexpr int readers_niceness = -10;

/** The signal that takes a thread out of its wait for a request; neither Node nor libc uses it. */
int waking_signal() { return SIGRTMIN + 4; }

/** Gives the signal a handler that does nothing, so that it interrupts a read and no more (signal(7)). */
void prepare_waking() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(waking_signal(), &action, nullptr);
  });
}

/** Milliseconds of a clock that never stands still or goes back; never 0. */
std::int64_t now() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count() + 1;
}

/** Whether receiving can go on after this error (fuse(4)): a request was withdrawn, or a signal came. */
bool goes_on(std::int64_t error) { return error == -EINTR || error == -EAGAIN || error == -ENOENT; }

}  // namespace

Session::Session(UniqueFd device, unsigned readers, AskFor ask, Ended ended, LookedInto looked_into)
    : device_(std::move(device)),
      dispatcher_(device_, std::move(ask), std::move(looked_into)),
      postman_(device_, dispatcher_),
      ended_(std::move(ended)),
      serving_(readers),
      readers_(readers),
      answering_since_(readers),
      rooms_(readers) {}

Session::~Session() {
  if (!threads_.empty()) stop();
  join();
  dispatcher_.close();
  postman_.stop();
}

void Session::publish(std::vector<NodeUpdate> updates, Delivery delivery) {
  dispatcher_.publish(std::move(updates));
  postman_.post(std::move(delivery));
}

void Session::start() {
  prepare_waking();
  for (unsigned i = 0; i < readers_; ++i) threads_.emplace_back([this, i] { serve(i); });
}

void Session::stop() {
  // The postman may be waiting for a lookup to be answered: while readers are there, it will be.
  dispatcher_.close();
  postman_.stop();
  stopping_.store(true);
  // A signal that comes just before a thread waits is lost, hence again and again.
  while (serving_.load() > 0 && !threads_.empty()) {
    for (auto& thread : threads_) pthread_kill(thread.native_handle(), waking_signal());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Session::join() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Session::let_go() {
  for (auto& room : rooms_) room.take();
  dispatcher_.compact();
}

Session::Work Session::work() {
  Work work{.waiting = dispatcher_.waiting()};
  const auto moment = now();
  for (const auto& since : answering_since_) {
    const auto begun = since.load(std::memory_order_relaxed);
    if (begun == 0) continue;
    work.answering += 1;
    work.longest = std::max(work.longest, moment - begun);
  }
  return work;
}

void Session::serve(unsigned reader) {
  // An answer takes microseconds, and somebody waits for it; without this it would stand behind whatever this
  // process makes meanwhile. Where it is not allowed, things stay as they are.
  setpriority(PRIO_PROCESS, 0, readers_niceness);
  std::array<std::uint8_t, request_room> request;
  while (!stopping_.load()) {
    const auto length = device_.receive(request);
    if (length > 0) {
      answering_since_[reader].store(now(), std::memory_order_relaxed);
      auto room = rooms_[reader].take();
      if (!room) room = std::make_unique<Dispatcher::Buffer>();
      dispatcher_.handle({request.data(), static_cast<std::size_t>(length)}, *room);
      rooms_[reader].keep(std::move(room));
      answering_since_[reader].store(0, std::memory_order_relaxed);
    } else if (length == 0 || !goes_on(length)) {
      // The end of the mount, or of the socket that stands for it, is the usual end.
      if (length != 0 && length != -ENODEV && length != -ECONNABORTED)
        end_error_.store(static_cast<int>(-length));
      break;
    }
  }
  if (serving_.fetch_sub(1) == 1) {
    dispatcher_.close();
    ended_(end_error_.load());
  }
}

}  // namespace ikfs::fuse
