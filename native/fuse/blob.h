#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/unique_fd.h"

namespace ikfs::fuse {

/** How many bytes were read, or a negative errno. */
using ReadCount = std::int64_t;

class PathBlob;

/** Bytes that file content lies in. Reading is safe from several threads at once. */
class Blob {
 public:
  virtual ~Blob() = default;

  /** Reads from `offset` into `into`. Fewer bytes than asked for only where the blob ends. */
  virtual ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const = 0;
  /** Itself when it is a file by its path, which can be kept in less memory (packed_paths.h). */
  virtual const PathBlob* as_path() const { return nullptr; }
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

/** A file where it lies, opened when it is read. */
class PathBlob final : public Blob {
 public:
  /** @param identity the state that was described, if it is known: reading another fails with ESTALE */
  PathBlob(std::shared_ptr<OpenFiles> files, std::string path, std::optional<FileIdentity> identity)
      : files_(std::move(files)), path_(std::move(path)), identity_(identity) {}
  const PathBlob* as_path() const override { return this; }
  const std::shared_ptr<OpenFiles>& files() const { return files_; }
  const std::string& path() const { return path_; }
  const std::optional<FileIdentity>& identity() const { return identity_; }
  ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

 private:
  std::shared_ptr<OpenFiles> files_;
  std::string path_;
  std::optional<FileIdentity> identity_;
};

/** What reading ends with where a blob's bytes are not those that were kept. */
inline constexpr int damaged_error = EBADMSG;

/** By what the bytes of a file of the store are checked (src/bytes/chunk-sums.ts). */
struct Seal {
  /** Length in bytes of what is summed up: the file from its beginning. */
  std::uint64_t size = 0;
  /** A CRC-32 of every 4 KiB; what has none counts as damaged. */
  std::vector<std::uint32_t> sums;
};

/**
 * A file of the store, whose bytes are checked each time they are read. Where they are not those that were
 * kept, or the file has gone, reading fails with `damaged_error`.
 */
class SealedBlob final : public Blob {
 public:
  SealedBlob(std::shared_ptr<OpenFiles> files, std::string path, Seal seal)
      : files_(std::move(files)), path_(std::move(path)), seal_(std::move(seal)) {}
  ReadCount read(std::span<std::uint8_t> into, std::uint64_t offset) const override;

 private:
  std::shared_ptr<OpenFiles> files_;
  std::string path_;
  Seal seal_;
};

}  // namespace ikfs::fuse
