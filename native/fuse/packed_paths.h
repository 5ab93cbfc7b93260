#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuse/blob.h"

namespace ikfs::fuse {

/**
 * The places of thousands of files in one piece of memory: of each no more than its name and the number of
 * its folder. Made of PathBlobs when there is time; reading is as theirs.
 */
class PackedPaths {
 public:
  void add(const PathBlob& blob);

  /** Blobs in the place of those that were added, in that order; each keeps all of them. */
  static std::vector<std::shared_ptr<const Blob>> blobs(std::unique_ptr<PackedPaths> packed);

 private:
  class File final : public Blob {
   public:
    ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

    const PackedPaths* all = nullptr;
    /** Where the name is in all names. */
    std::uint32_t name_start = 0;
    std::uint16_t name_length = 0;
    bool has_identity = false;
    std::uint32_t folder = 0;
    FileIdentity identity;
  };

  std::shared_ptr<OpenFiles> files_;
  /** A folder's path, with the slash behind it, in `names_`. */
  struct Folder {
    std::uint32_t start;
    std::uint32_t length;
  };

  std::string_view name_of(const Folder& folder) const {
    return std::string_view(names_).substr(folder.start, folder.length);
  }

  std::vector<Folder> folders_;
  /** All names and folders, one behind the other: as pieces of their own they would lie scattered. */
  std::string names_;
  std::vector<File> blobs_;
};

}  // namespace ikfs::fuse
