#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/failure.h"
#include "core/unique_fd.h"

namespace ikfs {

/**
 * Waits on a thread of its own for the kernel to say that work is held up for lack of memory (pressure stall
 * information, Documentation/accounting/psi.rst).
 */
class PressureWatch {
 public:
  /**
   * Opens a file of pressure and asks to be told of it.
   * @param path /proc/pressure/memory, or memory.pressure of a control group
   * @param on_pressure called on another thread, at most once in two seconds, until this is destroyed
   */
  static Result<std::unique_ptr<PressureWatch>> open(const std::string& path,
                                                     std::function<void()> on_pressure);
  PressureWatch(const PressureWatch&) = delete;
  PressureWatch& operator=(const PressureWatch&) = delete;
  /** Ends the thread. */
  ~PressureWatch();

 private:
  PressureWatch(UniqueFd pressure, UniqueFd ending, std::function<void()> on_pressure);
  void wait();

  UniqueFd pressure_;
  /** An eventfd that is written to when the thread is to end. */
  UniqueFd ending_;
  std::function<void()> on_pressure_;
  std::thread thread_;
};

}  // namespace ikfs
