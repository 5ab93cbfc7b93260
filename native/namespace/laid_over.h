#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/failure.h"

namespace ikfs::exec {

/**
 * What is laid over the paths of the system in this process's mount namespace, which must be its own
 * (enter_own_namespace). Nothing of any file system is changed: where names are missing, a file system in
 * memory covers their directory, in which all that was there is bound again. Not an overlayfs, which hides
 * what is mounted below, takes writes to sysfs for itself, and is for users only since Linux 5.11.
 *
 * Paths are absolute and have no symbolic links in front of their last names. A step that fails leaves
 * everything as it was before, except names in directories that are covered.
 */
class LaidOver {
 public:
  /**
   * Covers a directory, so that names in it can be added and replaced: files, directories and what is mounted
   * on them are bound, symbolic links are made again. Changes the working directory.
   */
  Status cover(const std::string& folder);

  /**
   * Shows a file or a directory at another place. Where nothing is there yet, or a symbolic link or something
   * of another kind, that place must be in a covered directory, in which missing directories are made on the
   * way.
   */
  Status bind(const std::string& from, const std::string& at);

  /** Makes a symbolic link in a covered directory, in place of what is there. */
  Status link(const std::string& text, const std::string& at);

  /** Makes covered directories read-only: what is written to them would be lost. */
  Status seal();

 private:
  struct Covered {
    std::string folder;
    /** Number of the file system in memory. */
    dev_t device;
  };

  bool covers(const std::string& folder) const;
  Status make_folder(const std::string& folder) const;
  Status make_room(const std::string& at) const;

  std::vector<Covered> covered_;
};

}  // namespace ikfs::exec
