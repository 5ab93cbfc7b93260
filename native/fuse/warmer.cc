#include "fuse/warmer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <memory>

#include "fuse/own_files.h"

namespace ikfs::fuse {

namespace {

/** How far this thread stands back behind others (setpriority(2); on Linux a thread has a niceness of its
 * own). */
constexpr int niceness = 10;

/** Directories within directories; header trees have about ten. */
constexpr int deepest = 64;

/** Bytes handed over in one message, at most. */
constexpr std::size_t largest_store = 128 * 1024;

void stand_back() { setpriority(PRIO_PROCESS, 0, niceness); }

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

Warmer::Warmer(const Session& session, std::string folder, std::uint64_t most_bytes)
    : session_(session),
      folder_(std::move(folder)),
      most_bytes_(most_bytes),
      buffer_(largest_store),
      walker_([this] { work(); }) {
  stores_.add(stand_back);
}

Warmer::~Warmer() {
  cancel();
  if (walker_.joinable()) walker_.join();
}

Warmer::Progress Warmer::progress() const { return {files_.load(), bytes_.load(), done_.load()}; }

void Warmer::work() {
  stand_back();
  // Last of all, as what is opened from here on is this thread's alone.
  leave_open_files();
  UniqueFd top(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (top.get() >= 0) walk(std::move(top), 0);
  done_.store(true);
}

void Warmer::walk(UniqueFd directory, int depth) {
  const std::unique_ptr<DIR, CloseDirectory> listing(fdopendir(directory.get()));
  if (!listing) return;
  const int descriptor = directory.release();
  std::vector<std::string> folders;
  std::vector<NodeId> files;
  while (goes_on()) {
    const dirent* entry = readdir(listing.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR) folders.push_back(name);
    // Looking a name up is what makes the kernel keep it, unless the listing has told its attributes already.
    struct stat attributes {};
    if (fstatat(descriptor, name.c_str(), &attributes, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(attributes.st_mode)) files.push_back(attributes.st_ino);
  }
  store_all(files);
  if (depth == deepest) return;
  for (const auto& name : folders) {
    if (!goes_on()) return;
    UniqueFd below(openat(descriptor, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (below.get() >= 0) walk(std::move(below), depth + 1);
  }
}

void Warmer::store_all(const std::vector<NodeId>& files) {
  std::promise<void> stored;
  stores_.add([&] {
    for (const auto id : files) {
      if (goes_on() && store(id)) files_.fetch_add(1);
    }
    stored.set_value();
  });
  stored.get_future().wait();
}

bool Warmer::store(NodeId id) {
  const auto table = session_.dispatcher().table();
  const Node* node = table->find(id);
  if (node == nullptr || !node->settled || node->is_volatile) return false;
  const auto* content = std::get_if<FileContent>(&node->content);
  if (content == nullptr) return false;
  for (std::uint64_t done = 0; done < node->size;) {
    if (!goes_on()) return false;
    const auto wanted = std::min<std::uint64_t>(buffer_.size(), node->size - done);
    const std::span into(buffer_.data(), wanted);
    if (content->blob->read(into, content->offset + done) != static_cast<ReadCount>(wanted)) return false;
    const StoreOut out{.node = id, .offset = done, .size = static_cast<std::uint32_t>(wanted), .padding = 0};
    if (session_.device().notify(Notification::store, {bytes_of(out), into}) != 0) return false;
    done += wanted;
    bytes_.fetch_add(wanted);
  }
  return true;
}

}  // namespace ikfs::fuse
