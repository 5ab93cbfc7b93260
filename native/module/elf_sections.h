#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

/** A part of a file, in bytes. */
struct FileRange {
  std::uint64_t offset;
  std::uint64_t size;
};

/** A section header. Of one that only takes memory (SHT_NOBITS) the range describes memory. */
struct ElfSection {
  std::uint32_t type;
  /** The lower 32 bits of sh_flags. */
  std::uint32_t flags;
  FileRange range;
  std::uint32_t link;
};

/** What an ELF file's header says of the whole. */
struct ElfKind {
  /** 32 or 64. */
  int bits;
  std::endian order;
  /** e_machine. */
  std::uint16_t machine;
};

/**
 * The sections of one ELF file after the other, found by name; buffers are kept for the next file. Both
 * classes and byte orders, and extended section numbering (gABI chapter 4: e_shnum, e_shstrndx). Program
 * headers are not looked at: a module has none. Failures have the words of src/format/elf.ts.
 */
class ElfSections {
 public:
  /**
   * Reads the header, the section headers and their names: three reads, one more with extended numbering.
   * @param descriptor stays the caller's; read with pread(2)
   * @param size of the file, in bytes
   * @returns whether it is an ELF file; or fails with `corrupt`, `truncated`, `io`, or `limit` for more than
   * 1 MiB of section headers or of names
   */
  Result<bool> open(int descriptor, std::uint64_t size);

  /** Of the file opened last, as all that follows. */
  const ElfKind& kind() const { return kind_; }

  /**
   * The first section of that name.
   * @returns or fails with `corrupt` for an offset or size of 2^53 or more
   */
  Result<std::optional<ElfSection>> find(std::string_view name) const;

  /**
   * Where a section's bytes are; at no place when it has none.
   * @returns or fails with `truncated` when it lies outside the file, `unsupported` when it is compressed
   */
  Result<FileRange> content(const ElfSection& section, std::string_view name) const;

  /** How many bytes have been read, of all files so far. */
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Table {
    FileRange range;
    std::uint32_t count;
    std::uint32_t names;
  };

  Result<Table> read_header(Bytes head);
  Status read_names(const Table& table);
  Result<ElfSection> section_at(Bytes bytes, std::uint64_t base, std::size_t index) const;
  Status check_inside(const FileRange& range, std::string_view what, std::string_view name = {}) const;
  Result<Bytes> read(const FileRange& range, std::string_view what, std::vector<std::uint8_t>& room);
  std::size_t header_size() const { return kind_.bits == 64 ? 64 : 40; }

  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  ElfKind kind_{};
  std::uint64_t table_offset_ = 0;
  std::uint64_t bytes_read_ = 0;
  Bytes table_;
  Bytes names_;
  std::vector<std::uint8_t> head_room_;
  std::vector<std::uint8_t> table_room_;
  std::vector<std::uint8_t> names_room_;
};

/**
 * Reads all of a range with pread(2).
 * @returns or fails with `truncated` when the file has become shorter, or `io`
 */
Status read_range(int descriptor, std::uint64_t offset, std::uint8_t* to, std::size_t size);

}  // namespace ikfs
