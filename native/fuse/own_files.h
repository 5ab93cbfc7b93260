#pragma once

namespace ikfs::fuse {

/**
 * Gives the calling thread a table of open files of its own, which is empty. A thread that looks at the mount
 * which its own process serves needs that: the kernel lets no thread go whose request somebody has taken in.
 * If the process is killed at such a moment, the request ends with the connection, the connection with the
 * last descriptor of the device, and a thread that waits for the request must not hold that descriptor.
 *
 * Such a thread must not touch files of others: not close what a shared object owns, nor wake JavaScript, for
 * which libuv writes to a descriptor. Where the kernel refuses (unshare(2) may be fenced off), things stay as
 * they are.
 */
void leave_open_files();

}  // namespace ikfs::fuse
