#pragma once

#include <string>

#include "core/failure.h"
#include "core/unique_fd.h"

namespace ikfs::fuse {

struct MountRequest {
  /** Absolute; or `/dev/fd/N`, a mounted /dev/fuse that this process was given and that is taken over. */
  std::string mountpoint;
  /** Users other than the mounting one may look inside. */
  bool allow_other = false;
  /** PATH, in which fusermount3 is looked for; a copy, because the environment may change meanwhile. */
  std::string search_path;
};

/**
 * Mounts a tree read-only, with mount(2); where this process may not, with fusermount3(1) or fusermount(1).
 * Returns before anybody serves: the kernel queues FUSE_INIT and does not wait for its answer, unless it was
 * asked to (FUSE_DEV_IOC_SYNC_INIT, Linux 6.18), which is not done here. Until it is served, whoever
 * looks at the mountpoint waits.
 *
 * @returns the connection to the kernel: blocking, close-on-exec. When its last descriptor is closed, the
 *   mount is dead (ENOTCONN) but still there.
 *
 * Fails with `unavailable` (no FUSE in this kernel; no right to mount and no helper), `denied` (also with
 * what the helper said), `not_found` and `wrong_kind` (the mountpoint), `usage` (a descriptor of no use),
 * `io`.
 */
Result<UniqueFd> mount_tree(const MountRequest& request);

/** Whether a mountpoint stands for a descriptor that this process was given: `/dev/fd/N`. */
bool is_passed(const std::string& mountpoint);

/** Whether a /dev/fuse still has its mount, also one that was detached and is in use. */
bool is_connected(int descriptor);

struct UnmountRequest {
  /** Absolute, no symbolic link itself. */
  std::string mountpoint;
  /** Take the mount out of sight now, and away when its last user is done. */
  bool lazily = false;
  /** As in MountRequest. */
  std::string search_path;
};

/** How unmounting came out; `not_mounted` is as good as `done` for who wants the mount gone. */
enum class Unmounted { done, not_mounted };

/**
 * Takes the topmost mount away from a mountpoint, with umount2(2), or with the helper where this process may
 * not. The mount itself is never looked at, so it does not matter whether anybody serves it: the kernel
 * resolves the path up to the mount without a request, and has nothing to write back or to wait for (only
 * fuseblk mounts wait for an answer to FUSE_DESTROY). A helper that does not answer is given up.
 *
 * MNT_FORCE is not used: it aborts the connection before it is known whether the mount is busy, which would
 * take open files from their users; and for dead mounts it changes nothing. Whoever is stuck in a mount that
 * is not served any more is set free when the connection's last descriptor is closed, which its server's end
 * brings about.
 *
 * Fails with `io` when the mount is busy, which it can not be lazily; `not_found`, `denied`, `unavailable`.
 */
Result<Unmounted> unmount_tree(const UnmountRequest& request);

}  // namespace ikfs::fuse
