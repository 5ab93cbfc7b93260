#pragma once

#include <string>
#include <vector>

#include "core/failure.h"
#include "core/unique_fd.h"

namespace ikfs::fuse {

/** What came of a run of the helper. */
struct HelperRun {
  /** Whether it ended with status 0. */
  bool succeeded = false;
  /** All that it said, on one line. */
  std::string said;
  /** The descriptor that it handed over, close-on-exec; none when it did not. */
  UniqueFd handed;
};

/**
 * The set-user-ID program that mounts for users.
 * @param search_path folders, separated by colons; those that are not absolute are left out
 * @returns the full path of fusermount3, else of libfuse 2's fusermount; empty when neither is installed
 */
std::string find_mount_helper(const std::string& search_path);

/**
 * Runs the helper and takes what it hands over: the environment variable _FUSE_COMMFD names a socket, through
 * which it sends one byte with a descriptor (SCM_RIGHTS, unix(7)), as libfuse's lib/mount.c and
 * util/fusermount.c agree on. After ten seconds it is killed, which is a failure.
 *
 * @param program full path
 * @param arguments without the program's own name
 * @param search_path PATH for the helper; nothing else of the environment is passed on
 */
Result<HelperRun> run_mount_helper(const std::string& program, std::vector<std::string> arguments,
                                   const std::string& search_path);

}  // namespace ikfs::fuse
