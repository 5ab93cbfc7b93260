#include "fuse/blob.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>
#include <variant>

namespace ikfs::fuse {

namespace {

/** pread(2) until `into` is full or the file ends. */
ReadCount read_file(int descriptor, std::span<std::uint8_t> into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto count =
        pread(descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -errno;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<ReadCount>(done);
}

/** @returns 0 when an open file is in that state, else a negative errno: -ESTALE when it is in another */
int check_identity(int descriptor, const FileIdentity& wanted) {
  struct stat found {};
  if (fstat(descriptor, &found) != 0) return -errno;
  const FileIdentity actual{
      .inode = found.st_ino,
      .size = static_cast<std::uint64_t>(found.st_size),
      .modified_nanoseconds = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec,
  };
  return actual == wanted ? 0 : -ESTALE;
}

using SharedFile = std::shared_ptr<const UniqueFd>;

}  // namespace

/** Open files by path, the one used last first. A file that is dropped stays open for who still reads it. */
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t most) : most_(most) {}

  /** The file of that path in that state, or a negative errno: -ESTALE when it is in another. */
  std::variant<SharedFile, int> open(const std::string& path, const FileIdentity& identity) {
    {
      const std::lock_guard lock(mutex_);
      const auto known = by_path_.find(path);
      if (known != by_path_.end() && known->second->identity == identity) {
        recent_.splice(recent_.begin(), recent_, known->second);
        return known->second->file;
      }
    }
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return -errno;
    if (const int error = check_identity(file.get(), identity); error != 0) return error;
    auto shared = std::make_shared<const UniqueFd>(std::move(file));
    const std::lock_guard lock(mutex_);
    if (const auto other = by_path_.find(path); other != by_path_.end()) {
      recent_.erase(other->second);
      by_path_.erase(other);
    }
    recent_.push_front({path, identity, shared});
    by_path_.emplace(path, recent_.begin());
    if (recent_.size() > most_) {
      by_path_.erase(recent_.back().path);
      recent_.pop_back();
    }
    return shared;
  }

 private:
  struct Entry {
    std::string path;
    FileIdentity identity;
    SharedFile file;
  };

  const std::size_t most_;
  std::mutex mutex_;
  std::list<Entry> recent_;
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;
};

std::shared_ptr<OpenFiles> make_open_files(std::size_t most) { return std::make_shared<OpenFiles>(most); }

ReadCount MemoryBlob::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  if (offset >= bytes_.size()) return 0;
  const auto count = std::min<std::uint64_t>(into.size(), bytes_.size() - offset);
  std::memcpy(into.data(), bytes_.data() + offset, count);
  return static_cast<ReadCount>(count);
}

ReadCount DescriptorBlob::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  return read_file(file_.get(), into, offset);
}

ReadCount PathBlob::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  const auto opened = files_->open(path_, identity_);
  if (const int* error = std::get_if<int>(&opened)) return *error;
  const int descriptor = std::get<SharedFile>(opened)->get();
  const auto count = read_file(descriptor, into, offset);
  // It may have been changed in place since it was opened, so what was read is only then what was described.
  const int error = count < 0 ? 0 : check_identity(descriptor, identity_);
  return error == 0 ? count : error;
}

}  // namespace ikfs::fuse
