#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/failure.h"

namespace ikfs {

/** Headers are one block; content is padded to whole blocks. */
inline constexpr std::size_t kTarBlock = 512;

using TarBlock = std::span<const std::uint8_t, kTarBlock>;

/** The fields of one header block that matter here. */
struct TarHeader {
  /** The type flag: '0' a file, '5' a directory, 'L' a long name that follows, and so on. */
  char type;
  /** Name, with the prefix where the form has one. */
  std::string path;
  std::string target;
  /** Permission bits. */
  std::uint16_t mode;
  /** Length of what follows the header, in bytes. */
  std::uint64_t size;
};

/** Whether the block ends the archive. */
bool is_zero_block(TarBlock block);

/**
 * Reads a header of the POSIX form (pax(1), "ustar Interchange Format") or the older GNU form (GNU tar
 * manual, "Basic Tar Format"). Fails with `corrupt` for a wrong checksum or number, `unsupported` for another
 * form.
 */
Result<TarHeader> parse_tar_header(TarBlock block);

}  // namespace ikfs
