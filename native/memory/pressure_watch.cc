#include "memory/pressure_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ikfs {

namespace {

/**
 * Tells when somebody waited for memory for 300 ms of two seconds. Of windows of other lengths only the
 * privileged are told (psi.rst). The text ends with a NUL.
 */
constexpr std::string_view kTrigger{"some 300000 2000000\0", 20};

}  // namespace

Result<std::unique_ptr<PressureWatch>> PressureWatch::open(const std::string& path,
                                                           std::function<void()> on_pressure) {
  UniqueFd pressure(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (pressure.get() < 0) return system_failure(("opening " + path).c_str(), errno);
  if (write(pressure.get(), kTrigger.data(), kTrigger.size()) < 0) {
    return system_failure(("asking for events of " + path).c_str(), errno);
  }
  UniqueFd ending(eventfd(0, EFD_CLOEXEC));
  if (ending.get() < 0) return system_failure("eventfd", errno);
  return std::unique_ptr<PressureWatch>(
      new PressureWatch(std::move(pressure), std::move(ending), std::move(on_pressure)));
}

PressureWatch::PressureWatch(UniqueFd pressure, UniqueFd ending, std::function<void()> on_pressure)
    : pressure_(std::move(pressure)),
      ending_(std::move(ending)),
      on_pressure_(std::move(on_pressure)),
      thread_([this] { wait(); }) {}

PressureWatch::~PressureWatch() {
  const std::uint64_t one = 1;
  // An eventfd at 0 takes a 1 without fail.
  (void)!write(ending_.get(), &one, sizeof(one));
  thread_.join();
}

void PressureWatch::wait() {
  for (;;) {
    pollfd waited[] = {{pressure_.get(), POLLPRI, 0}, {ending_.get(), POLLIN, 0}};
    if (poll(waited, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    // POLLERR: the control group has been removed.
    if (waited[1].revents != 0 || (waited[0].revents & (POLLERR | POLLNVAL)) != 0) return;
    if ((waited[0].revents & POLLPRI) != 0) on_pressure_();
  }
}

}  // namespace ikfs
