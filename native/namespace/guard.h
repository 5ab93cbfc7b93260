#pragma once

#include <string>

namespace ikfs::exec {

/** A mount for one command, and who serves it. */
struct Guarded {
  /** Absolute; not there yet. */
  std::string mountpoint;
  /** The daemon's path and arguments, and a null pointer. */
  char** daemon = nullptr;
  /** PATH, in which fusermount3 is looked for. */
  std::string search_path;
};

/**
 * Starts a daemon, and a process beside it that sees to the end of its mount: when the last writing end of a
 * pipe is closed, it takes the mount away from this namespace. Where the command has a namespace of its own
 * by then, the mount lives on there, as long as any process in it; where ikfs has ended before, however that
 * came about, nothing is left. Neither is a child of this process, which may become a command that must not
 * be told of their ends.
 *
 * @param order the reading end; nobody writes
 * @returns the status to end with
 */
int start_guarded(const Guarded& guarded, int order);

}  // namespace ikfs::exec
