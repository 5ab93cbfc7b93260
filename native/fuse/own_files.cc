#include "fuse/own_files.h"

#include <dirent.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <vector>

namespace ikfs::fuse {

namespace {

/** The descriptors in this thread's table, of proc(5). */
std::vector<int> open_files() {
  std::vector<int> descriptors;
  DIR* folder = opendir("/proc/thread-self/fd");
  if (folder == nullptr) return descriptors;
  while (const dirent* entry = readdir(folder)) {
    int number = -1;
    std::from_chars(entry->d_name, entry->d_name + std::strlen(entry->d_name), number);
    if (number >= 0 && number != dirfd(folder)) descriptors.push_back(number);
  }
  closedir(folder);
  return descriptors;
}

}  // namespace

void leave_open_files() {
  if (unshare(CLONE_FILES) != 0) return;
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 0U, ~0U, 0U) == 0) return;
#endif
  // Linux before 5.9.
  for (const int descriptor : open_files()) close(descriptor);
}

}  // namespace ikfs::fuse
