#include "namespace/laid_over.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>

#include "core/unique_fd.h"

namespace ikfs::exec {

namespace {

constexpr mode_t folder_mode = 0755;

/** It holds names only. */
constexpr const char* memory_options = "mode=0755,size=4m";

constexpr unsigned long memory_flags = MS_NOSUID | MS_NODEV | MS_NOATIME;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

Status failed(const std::string& path, const char* doing) {
  return system_failure((path + ": " + doing).c_str(), errno);
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/** Fills a new file system with what lay under it. */
class Filling {
 public:
  Filling(UniqueFd under, const std::string& folder) : under_(std::move(under)), folder_(folder) {}

  Status fill() {
    // Paths without a slash in front begin under the new file system.
    if (fchdir(under_.get()) != 0) return failed(folder_, "entering");
    const int again = openat(under_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return failed(folder_, "listing");
    const std::unique_ptr<DIR, CloseDirectory> listing(fdopendir(again));
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(listing.get());
      if (entry == nullptr) return errno == 0 ? std::nullopt : failed(folder_, "listing");
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (auto failure = keep(entry->d_name)) return failure;
    }
  }

 private:
  Status keep(const std::string& name) const {
    const auto at = folder_ + "/" + name;
    struct stat status {};
    if (fstatat(under_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? std::nullopt : failed(at, "looking");
    if (S_ISLNK(status.st_mode)) return keep_link(name, at);
    if (S_ISDIR(status.st_mode)) {
      if (mkdir(at.c_str(), folder_mode) != 0) return failed(at, "making a directory");
    } else if (mknod(at.c_str(), S_IFREG | 0600, 0) != 0) {
      return failed(at, "making a file");
    }
    // With all that is mounted below, such as tracefs.
    if (mount(name.c_str(), at.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return std::nullopt;
    return errno == ENOENT ? std::nullopt : failed(at, "binding");
  }

  Status keep_link(const std::string& name, const std::string& at) const {
    std::array<char, PATH_MAX> text{};
    const auto length = readlinkat(under_.get(), name.c_str(), text.data(), text.size());
    if (length < 0) return failed(at, "reading a link");
    const std::string target(text.data(), static_cast<std::size_t>(length));
    return symlink(target.c_str(), at.c_str()) == 0 ? std::nullopt : failed(at, "making a link");
  }

  UniqueFd under_;
  const std::string& folder_;
};

}  // namespace

Status LaidOver::cover(const std::string& folder) {
  UniqueFd under(open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (under.get() < 0) return failed(folder, "opening");
  if (mount("ikfs", folder.c_str(), "tmpfs", memory_flags, memory_options) != 0)
    return failed(folder, "covering");
  struct stat status {};
  auto failure = stat(folder.c_str(), &status) == 0 ? Filling(std::move(under), folder).fill()
                                                    : failed(folder, "looking");
  if (!failure) {
    covered_.push_back({folder, status.st_dev});
    return std::nullopt;
  }
  umount2(folder.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  return failure;
}

Status LaidOver::bind(const std::string& from, const std::string& at) {
  struct stat source {};
  struct stat place {};
  if (stat(from.c_str(), &source) != 0) return failed(from, "looking");
  const bool is_there = lstat(at.c_str(), &place) == 0;
  if (!is_there || S_ISDIR(place.st_mode) != S_ISDIR(source.st_mode) || S_ISLNK(place.st_mode)) {
    if (auto failure = make_room(at)) return failure;
    const int made =
        S_ISDIR(source.st_mode) ? mkdir(at.c_str(), folder_mode) : mknod(at.c_str(), S_IFREG | 0600, 0);
    if (made != 0) return failed(at, "making");
  }
  if (mount(from.c_str(), at.c_str(), nullptr, MS_BIND, nullptr) != 0) return failed(at, "binding");
  return std::nullopt;
}

Status LaidOver::link(const std::string& text, const std::string& at) {
  if (auto failure = make_room(at)) return failure;
  return symlink(text.c_str(), at.c_str()) == 0 ? std::nullopt : failed(at, "making a link");
}

Status LaidOver::seal() {
  for (const auto& [folder, device] : covered_) {
    constexpr auto flags = MS_REMOUNT | MS_BIND | MS_RDONLY | memory_flags;
    if (mount(nullptr, folder.c_str(), nullptr, flags, nullptr) != 0) return failed(folder, "sealing");
  }
  return std::nullopt;
}

bool LaidOver::covers(const std::string& folder) const {
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0) return false;
  return std::any_of(covered_.begin(), covered_.end(),
                     [&](const auto& each) { return each.device == status.st_dev; });
}

Status LaidOver::make_folder(const std::string& folder) const {
  struct stat status {};
  if (lstat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return std::nullopt;
    return Failure{FailureCode::wrong_kind, folder + ": is not a directory"};
  }
  const auto parent = parent_of(folder);
  if (auto failure = make_folder(parent)) return failure;
  if (!covers(parent)) return Failure{FailureCode::not_found, folder + ": is not there"};
  return mkdir(folder.c_str(), folder_mode) == 0 ? std::nullopt : failed(folder, "making a directory");
}

Status LaidOver::make_room(const std::string& at) const {
  const auto parent = parent_of(at);
  if (auto failure = make_folder(parent)) return failure;
  // Names are taken away from memory only, never from a disk.
  if (!covers(parent)) return Failure{FailureCode::not_found, at + ": its directory is not covered"};
  struct stat status {};
  if (lstat(at.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISLNK(status.st_mode) && umount2(at.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
    return failed(at, "unbinding");
  const int flags = S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0;
  return unlinkat(AT_FDCWD, at.c_str(), flags) == 0 ? std::nullopt : failed(at, "removing");
}

}  // namespace ikfs::exec
