#pragma once

#include <string>

namespace ikfs::test {

/** A 64-bit little-endian module with the sections .modinfo, .BTF, .BTF.base and .debug_info, each name
 * twice. */
std::string module_file();

}  // namespace ikfs::test
