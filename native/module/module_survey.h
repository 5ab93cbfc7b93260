#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure.h"
#include "module/elf_sections.h"

namespace ikfs {

/** What tells one state of a file from another (fstat(2)). */
struct ModuleIdentity {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  /** Last modification: seconds since the epoch, and nanoseconds from there. */
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

/** What is seen of a module file from outside of its sections. */
struct ModuleFacts {
  ModuleIdentity identity;
  /** False for a compressed module and anything else; what follows is empty then. */
  bool is_elf = false;
  ElfKind kind{};
  /** Ranges of the file. */
  std::optional<FileRange> btf;
  std::optional<FileRange> btf_base;
  /** Where the header puts it, be it compressed or outside the file. */
  std::optional<FileRange> debug_info;
  /** First values in .modinfo (include/linux/moduleparam.h: __MODULE_INFO); valid until the next file. */
  std::optional<std::string_view> name;
  std::optional<std::string_view> vermagic;
};

/** What has been read of files, in all. */
struct ReadCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  /** Those of sections .BTF, where they were to be read. */
  std::uint64_t btf_bytes = 0;
};

/** Looks at one module file after the other, each opened once; buffers are kept for the next. */
class ModuleReader {
 public:
  /** @param read_btf whether the bytes of .BTF are read as well, for nothing but to have them read */
  explicit ModuleReader(bool read_btf) : read_btf_(read_btf) {}

  /**
   * @returns or fails with `not-found`, `denied`, `wrong-kind` when it is no regular file, `io`, with what
   *   ElfSections fails with, or `limit` for more than 1 MiB of .modinfo
   */
  Result<ModuleFacts> look_at(const std::string& path);

  ReadCounts counts() const;

 private:
  Result<std::optional<FileRange>> range_of(std::string_view section) const;
  Status read_information(int descriptor, const FileRange& range, ModuleFacts& facts);
  Status read_types(int descriptor, const FileRange& range);

  bool read_btf_;
  ElfSections sections_;
  ReadCounts counts_;
  std::vector<std::uint8_t> information_;
  std::vector<std::uint8_t> types_;
};

/** A part of one of ModuleSurvey's texts, in bytes; -1 where there is none. */
struct SurveyedText {
  double start = -1;
  double size = 0;
};

/** A part of a file, in bytes; -1 where there is none. */
struct SurveyedRange {
  double offset = -1;
  double size = 0;
};

/**
 * What was found in one place of the list of paths, as JavaScript takes it: 20 fields of 8 bytes in the order
 * of this machine, doubles but for the two that may have more than 53 bits. src/source/module-survey.ts reads
 * them by number.
 */
struct SurveyRecord {
  /** 0: a module. 1: no ELF file. 2: a failure. */
  double state = 0;
  std::int64_t inode = 0;
  double size = 0;
  std::int64_t seconds = 0;
  double nanoseconds = 0;
  double machine = 0;
  double bits = 0;
  double is_big_endian = 0;
  SurveyedRange btf;
  SurveyedRange btf_base;
  SurveyedRange debug_info;
  /** Which of the texts. */
  double text = 0;
  /** Of a failure: its code. */
  SurveyedText name;
  /** Of a failure: its message. */
  SurveyedText vermagic;
  /** Of a failure: where it is in the file. */
  double offset = 0;
};
static_assert(sizeof(SurveyRecord) == 20 * 8);

/** What was found in files, in the order of their paths. */
struct ModuleSurvey {
  std::vector<SurveyRecord> records;
  std::vector<std::string> texts;
  ReadCounts counts;
};

/** Looks at module files, by two threads where there are many. Never fails; a file that does has a record of
 * that. */
ModuleSurvey survey_modules(const std::vector<std::string>& paths, bool read_btf);

}  // namespace ikfs
