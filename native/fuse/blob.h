#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/unique_fd.h"

namespace ikfs::fuse {

/** How many bytes were read, or a negative errno. */
using ReadCount = std::int64_t;

/** Bytes that file content lies in. Reading is safe from several threads at once. */
class Blob {
 public:
  virtual ~Blob() = default;

  /** Reads from `offset` into `into`. Fewer bytes than asked for only where the blob ends. */
  virtual ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const = 0;
};

/** Bytes in memory. */
class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

 private:
  std::string bytes_;
};

/** A file that stays open. */
class DescriptorBlob final : public Blob {
 public:
  explicit DescriptorBlob(UniqueFd file) : file_(std::move(file)) {}
  ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

 private:
  UniqueFd file_;
};

/** What tells one state of a file from another; src/bytes/file-identity.ts has the same. */
struct FileIdentity {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_nanoseconds = 0;

  bool operator==(const FileIdentity&) const = default;
};

/** Keeps the files that were read last open, so that thousands of modules do not need a descriptor each. */
class OpenFiles;

/** A limit of descriptors kept open. */
std::shared_ptr<OpenFiles> make_open_files(std::size_t most);

/** A file that is opened when it is read. */
class PathBlob final : public Blob {
 public:
  /** @param identity the state that was described; reading another fails with ESTALE */
  PathBlob(std::shared_ptr<OpenFiles> files, std::string path, FileIdentity identity)
      : files_(std::move(files)), path_(std::move(path)), identity_(identity) {}
  ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

 private:
  std::shared_ptr<OpenFiles> files_;
  std::string path_;
  FileIdentity identity_;
};

}  // namespace ikfs::fuse
