#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure.h"

namespace ikfs {

/** What a pax header says about the entry that follows it, as far as it matters here. */
struct PaxHeader {
  /** Empty where the header does not say. */
  std::string path;
  std::string target;
  std::optional<std::uint64_t> size;
  /** A sparse file: what is stored is not its content (GNU tar manual, "Storing Sparse Files"). */
  bool sparse = false;
};

/**
 * Reads records of the form "LENGTH KEYWORD=VALUE\n", where LENGTH counts the whole record (pax(1), "pax
 * Extended Header"). Fails with `corrupt`.
 */
Result<PaxHeader> parse_pax_header(std::string_view records);

}  // namespace ikfs
