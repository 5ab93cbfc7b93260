#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "fuse/node_table.h"
#include "fuse/own_files.h"
#include "fuse/task_queue.h"

namespace ikfs::fuse {

/**
 * Has the kernel list a directory of a header tree once somebody has looked a file up in it: who includes one
 * header includes others beside it. A listing tells the kernel hundreds of names with their attributes at
 * once (FUSE_READDIRPLUS), each of which would be a request of its own. It happens on a thread of its own,
 * through the mount, which touches no node; nothing is made for it, and it takes no more than the names' room
 * in the kernel.
 */
class ListingAhead {
 public:
  /** Gives the nodes as they are now. */
  using Table = std::function<std::shared_ptr<const NodeTable>()>;

  explicit ListingAhead(Table table) : table_(std::move(table)) { tasks_.add(leave_open_files); }
  ListingAhead(const ListingAhead&) = delete;
  ListingAhead& operator=(const ListingAhead&) = delete;

  /** From now on directories are listed. @param mountpoint full path of the mount */
  void begin(std::string mountpoint);

  /** A file was looked up in a directory for the first time. Does not wait. */
  void looked_into(NodeId directory);

  /** Lists no more, and ends what is under way soon. Until `idle()` that keeps the mount busy. */
  void stop() { stopped_.store(true); }

  /** Waits for the thread, when the connection has ended. */
  void end() {
    stop();
    tasks_.stop();
    // What had not begun was dropped with the thread.
    pending_.store(0);
  }

  bool idle() const { return pending_.load() == 0; }

 private:
  void list(const std::string& path) const;

  Table table_;
  std::string mountpoint_;
  std::atomic<bool> begun_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<unsigned> pending_ = 0;
  TaskQueue tasks_;
};

}  // namespace ikfs::fuse
