#include "fuse/blob.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "core/crc32.h"
#include "core/lasting_memory.h"

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

  /**
   * The file of that path, or a negative errno.
   * @param identity the state that it must be in, else it is -ESTALE; any state when there is none
   */
  std::variant<SharedFile, int> open(const std::string& path, const std::optional<FileIdentity>& identity) {
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
    if (identity) {
      if (const int error = check_identity(file.get(), *identity); error != 0) return error;
    }
    const std::pmr::polymorphic_allocator<UniqueFd> lasting(lasting_memory());
    auto shared = std::allocate_shared<const UniqueFd>(lasting, std::move(file));
    const std::lock_guard lock(mutex_);
    forget(path);
    recent_.push_front({std::pmr::string(path, &memory_), identity, shared});
    by_path_.emplace(recent_.front().path, recent_.begin());
    if (recent_.size() > most_) {
      by_path_.erase(recent_.back().path);
      recent_.pop_back();
    }
    return shared;
  }

  /** Opens that path anew when it is asked for next. */
  void drop(const std::string& path) {
    const std::lock_guard lock(mutex_);
    forget(path);
  }

 private:
  struct Entry {
    std::pmr::string path;
    std::optional<FileIdentity> identity;
    SharedFile file;
  };

  void forget(const std::string& path) {
    const auto known = by_path_.find(path);
    if (known == by_path_.end()) return;
    const auto entry = known->second;
    by_path_.erase(known);
    recent_.erase(entry);
  }

  const std::size_t most_;
  std::mutex mutex_;
  /** For what follows, together and not among what soon goes; who uses it has the mutex. */
  std::pmr::unsynchronized_pool_resource memory_{
      std::pmr::pool_options{.max_blocks_per_chunk = 32, .largest_required_pool_block = 256}};
  std::pmr::list<Entry> recent_{&memory_};
  /** Keys are their entries' paths. */
  std::pmr::unordered_map<std::string_view, std::pmr::list<Entry>::iterator> by_path_{&memory_};
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

namespace {

/** How many bytes each sum of a sealed blob is of; the last one's may be fewer. */
constexpr std::size_t summed = 4096;

/** Compares bytes that come in order, in pieces of any length, with their sums. */
class SumCheck {
 public:
  /** @param sums those of the bytes to come, beginning with the first of a sum */
  explicit SumCheck(std::span<const std::uint32_t> sums) : sums_(sums) {}

  void add(Bytes piece) {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), summed - filled_));
      sum_ = crc32(part, sum_);
      filled_ += part.size();
      piece = piece.subspan(part.size());
      if (filled_ == summed) finish();
    }
  }

  /** Whether all that was added is what was summed up. */
  bool holds() {
    if (filled_ > 0) finish();
    return holds_;
  }

 private:
  void finish() {
    holds_ = holds_ && next_ < sums_.size() && sums_[next_] == sum_;
    ++next_;
    filled_ = 0;
    sum_ = 0;
  }

  std::span<const std::uint32_t> sums_;
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::uint32_t sum_ = 0;
  bool holds_ = true;
};

}  // namespace

ReadCount SealedBlob::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  if (offset >= seal_.size) return 0;
  into = into.first(std::min<std::uint64_t>(into.size(), seal_.size - offset));
  const auto opened = files_->open(path_, std::nullopt);
  if (const int* error = std::get_if<int>(&opened)) return *error == -ENOENT ? -damaged_error : *error;
  // What is summed up together with the bytes that are wanted is read with them.
  const auto begin = offset / summed * summed;
  const auto end = std::min<std::uint64_t>((offset + into.size() + summed - 1) / summed * summed, seal_.size);
  std::array<std::uint8_t, summed> before;
  std::array<std::uint8_t, summed> behind;
  const std::span head(before.data(), offset - begin);
  const std::span tail(behind.data(), end - offset - into.size());
  std::array<iovec, 3> pieces{{
      {head.data(), head.size()},
      {into.data(), into.size()},
      {tail.data(), tail.size()},
  }};
  const int descriptor = std::get<SharedFile>(opened)->get();
  ssize_t count = 0;
  do {
    count = preadv(descriptor, pieces.data(), static_cast<int>(pieces.size()), static_cast<off_t>(begin));
  } while (count < 0 && errno == EINTR);
  const int error = count < 0 ? errno : damaged_error;
  // A regular file gives all that it has, so one that gives less has become shorter.
  if (static_cast<std::uint64_t>(count) == end - begin) {
    SumCheck check(std::span(seal_.sums).subspan(std::min<std::size_t>(begin / summed, seal_.sums.size())));
    check.add(head);
    check.add(into);
    check.add(tail);
    if (check.holds()) return static_cast<ReadCount>(into.size());
  }
  // There may be another file of that name by the next time.
  files_->drop(path_);
  return -error;
}

ReadCount PathBlob::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  const auto opened = files_->open(path_, identity_);
  if (const int* error = std::get_if<int>(&opened)) return *error;
  const int descriptor = std::get<SharedFile>(opened)->get();
  const auto count = read_file(descriptor, into, offset);
  // It may have been changed in place since it was opened, so what was read is only then what was described.
  const int error = count < 0 || !identity_ ? 0 : check_identity(descriptor, *identity_);
  return error == 0 ? count : error;
}

}  // namespace ikfs::fuse
