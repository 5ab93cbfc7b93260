#include "fuse/listing_ahead.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <optional>

namespace ikfs::fuse {

namespace {

constexpr NodeId root = 1;

/** Directories within directories; header trees have about ten. */
constexpr int deepest = 64;

/**
 * Of so many names one is looked at: the kernel asks for attributes with the next names for as long as
 * somebody looks at those that it got, and one answer has about 180.
 */
constexpr unsigned looked_at = 32;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

const Directory* directory_of(const NodeTable& table, NodeId id) {
  const Node* node = table.find(id);
  const auto* content = node == nullptr ? nullptr : std::get_if<DirectoryContent>(&node->content);
  return content == nullptr ? nullptr : content->get();
}

/** Where a directory is below the root, with a slash before each name; nothing when it is no longer there. */
std::optional<std::string> path_of(const NodeTable& table, NodeId id) {
  std::string path;
  for (int depth = 0; id != root; ++depth) {
    const auto* directory = directory_of(table, id);
    const auto* parent = directory == nullptr ? nullptr : directory_of(table, directory->parent());
    if (parent == nullptr || id == 0 || depth == deepest) return std::nullopt;
    const auto entries = parent->after(id - 1);
    if (entries.empty() || entries.front().node != id) return std::nullopt;
    path.insert(0, parent->name_of(entries.front())).insert(0, 1, '/');
    id = directory->parent();
  }
  return path;
}

}  // namespace

void ListingAhead::begin(std::string mountpoint) {
  mountpoint_ = std::move(mountpoint);
  begun_.store(true);
}

void ListingAhead::looked_into(NodeId directory) {
  if (!begun_.load() || stopped_.load()) return;
  const auto path = path_of(*table_(), directory);
  if (!path) return;
  pending_.fetch_add(1);
  tasks_.add([this, full = mountpoint_ + *path] {
    list(full);
    pending_.fetch_sub(1);
  });
}

void ListingAhead::list(const std::string& path) const {
  if (stopped_.load()) return;
  const std::unique_ptr<DIR, CloseDirectory> listing(opendir(path.c_str()));
  if (!listing) return;
  for (unsigned count = 0; !stopped_.load(); ++count) {
    const dirent* entry = readdir(listing.get());
    if (entry == nullptr) return;
    if (count % looked_at != 0) continue;
    struct stat attributes {};
    fstatat(dirfd(listing.get()), entry->d_name, &attributes, AT_SYMLINK_NOFOLLOW);
  }
}

}  // namespace ikfs::fuse
