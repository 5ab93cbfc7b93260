#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/input.h"

namespace ikfs::test {

/** A record of a tree index; src/format/tree-index.ts says what each field is. */
struct TreeRecord {
  std::uint64_t where = 0;
  std::uint64_t amount = 0;
  std::uint32_t name = 0;
  std::uint16_t name_length = 0;
  std::uint16_t mode = 0;
  std::uint8_t kind = 0;
};

inline constexpr std::uint8_t file_record = 0;
inline constexpr std::uint8_t directory_record = 1;
inline constexpr std::uint8_t link_record = 2;

/** A tree index that is put together field by field, right or wrong. */
struct TreeIndex {
  std::vector<TreeRecord> records;
  std::string pool;
  std::string omitted;

  void add_directory(std::string_view name, std::uint64_t first_child, std::uint64_t children);
  void add_file(std::string_view name, std::uint64_t offset, std::uint64_t size, std::uint16_t mode);
  void add_link(std::string_view name, std::string_view target);

  /** Gives a record another name. */
  void rename(std::size_t number, std::string_view name);

  std::vector<std::uint8_t> encode() const;

 private:
  std::uint32_t place(std::string_view text);
};

/**
 * A tree with a node of each kind, nested: `Kbuild` (mode 0644, 100 bytes at 512), `arch/` with `x86/` and
 * the link `arm` to `x86`, `empty/`, `run` (mode 0755, no bytes), and `ä.h` in `arch/x86/` (7 bytes at 2048).
 */
TreeIndex sample_index();

}  // namespace ikfs::test
