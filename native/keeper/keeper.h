#pragma once

#include <string>
#include <vector>

namespace ikfs::keeper {

/** What a keeper is for. Nothing of it can be changed by who asks it. */
struct Task {
  /** Where it mounts: absolute, no symbolic link. */
  std::string mountpoint;
  bool allow_other = false;
  /** Directories that were made for the mount, the innermost first; they go with it. */
  std::vector<std::string> made;
  /** PATH, in which fusermount3 is looked for. */
  std::string search_path;
};

/**
 * Mounts and unmounts for a daemon that has given up the right to, whenever it asks, until it ends: then what
 * is still mounted is taken away, so a daemon that crashed leaves no dead mount. Does nothing else, reads
 * nothing that comes from an image, and waits in a system call.
 * @param socket its end of the pair; the other must be the daemon's alone
 */
void keep(int socket, const Task& task);

}  // namespace ikfs::keeper
