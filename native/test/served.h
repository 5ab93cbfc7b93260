#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "fuse/session.h"
#include "test/fake_kernel.h"
#include "test/nodes.h"

namespace ikfs::test {

/** A session that serves some nodes to a fake kernel, and all that it asked for. */
class Served {
 public:
  using Asked = std::pair<fuse::NodeId, fuse::Need>;

  /**
   * Starts the session; INIT has been exchanged unless `minor` is 0.
   * @param readers with one, requests are answered in the order in which they are sent
   */
  explicit Served(std::vector<fuse::NodeUpdate> nodes = sample_tree(), unsigned readers = 1,
                  std::uint32_t minor = 41);
  ~Served();

  FakeKernel& kernel() { return kernel_; }
  fuse::Session& session() { return *session_; }

  /** INIT with these, and its answer. */
  Answer init(std::uint32_t major, std::uint32_t minor, std::uint32_t flags = ~0U);

  /** Waits until everything that was sent before has been answered or parked. Needs a single reader. */
  void settle();

  /** Publishes nodes together with the answer to a need. */
  void publish(std::vector<fuse::NodeUpdate> nodes, std::vector<fuse::Answered> answered = {});

  /** Everything that was asked for so far, in order. */
  std::vector<Asked> asked();

  /** The directories that the session told were looked into, in order. */
  std::vector<fuse::NodeId> looked_into();

  /** Waits until that many needs have been asked for. */
  void wait_for_asks(std::size_t count);

  /** Ends the session by its destructor. */
  void end_session() { session_.reset(); }

  /** Waits until the session has told its end. @returns the errno that it told */
  int wait_for_end();

  /** How often the session told its end. */
  int ends();

 private:
  FakeKernel kernel_;
  std::mutex mutex_;
  std::condition_variable called_;
  std::vector<Asked> asked_;
  std::vector<fuse::NodeId> looked_into_;
  std::vector<int> ends_;
  std::unique_ptr<fuse::Session> session_;
};

}  // namespace ikfs::test
