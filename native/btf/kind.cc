#include "btf/kind.h"

#include <array>

namespace ikfs::btf {

const char* kind_name(Kind kind) {
  static constexpr std::array<const char*, kind_count> names{
      "VOID", "INT",     "PTR",      "ARRAY",    "STRUCT",   "UNION",  "ENUM",
      "FWD",  "TYPEDEF", "VOLATILE", "CONST",    "RESTRICT", "FUNC",   "FUNC_PROTO",
      "VAR",  "DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG", "ENUM64",
  };
  const auto number = static_cast<std::size_t>(kind);
  return number < names.size() ? names[number] : "UNKNOWN";
}

}  // namespace ikfs::btf
