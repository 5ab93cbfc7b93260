#include "fuse/packed_paths.h"

#include <algorithm>

namespace ikfs::fuse {

void PackedPaths::add(const PathBlob& blob) {
  files_ = blob.files();
  const auto& path = blob.path();
  const auto cut = path.rfind('/') + 1;
  const auto folder = std::string_view(path).substr(0, cut);
  // Modules come folder by folder or in order of names; of folders there are some hundreds.
  const auto known = std::find_if(folders_.rbegin(), folders_.rend(),
                                  [&](const Folder& each) { return name_of(each) == folder; });
  const auto number = known == folders_.rend() ? folders_.size() : folders_.rend() - known - 1;
  if (known == folders_.rend()) {
    folders_.push_back({static_cast<std::uint32_t>(names_.size()), static_cast<std::uint32_t>(cut)});
    names_ += folder;
  }
  File file;
  file.name_start = static_cast<std::uint32_t>(names_.size());
  file.name_length = static_cast<std::uint16_t>(path.size() - cut);
  file.folder = static_cast<std::uint32_t>(number);
  file.has_identity = blob.identity().has_value();
  file.identity = blob.identity().value_or(FileIdentity{});
  names_.append(path, cut);
  blobs_.push_back(file);
}

std::vector<std::shared_ptr<const Blob>> PackedPaths::blobs(std::unique_ptr<PackedPaths> packed) {
  packed->names_.shrink_to_fit();
  packed->blobs_.shrink_to_fit();
  const std::shared_ptr<PackedPaths> all = std::move(packed);
  std::vector<std::shared_ptr<const Blob>> blobs;
  blobs.reserve(all->blobs_.size());
  for (auto& file : all->blobs_) {
    file.all = all.get();
    blobs.emplace_back(all, &file);
  }
  return blobs;
}

ReadCount PackedPaths::File::read(std::span<std::uint8_t> into, std::uint64_t offset) const {
  std::string path(all->name_of(all->folders_[folder]));
  path.append(all->names_, name_start, name_length);
  return PathBlob(all->files_, std::move(path), has_identity ? std::optional(identity) : std::nullopt)
      .read(into, offset);
}

}  // namespace ikfs::fuse
