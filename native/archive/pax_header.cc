#include "archive/pax_header.h"

#include "archive/tar_number.h"

namespace ikfs {

Result<PaxHeader> parse_pax_header(std::string_view records) {
  const Failure malformed{FailureCode::corrupt, "a pax header is malformed"};
  PaxHeader header;
  while (!records.empty()) {
    const auto space = records.find(' ');
    if (space == std::string_view::npos) return malformed;
    const auto length = pax_number(records.substr(0, space));
    if (!length || *length > records.size() || *length < space + 2) return malformed;
    const auto record = records.substr(space + 1, *length - space - 1);
    const auto equals = record.find('=');
    if (record.back() != '\n' || equals == std::string_view::npos) return malformed;
    records.remove_prefix(*length);

    const auto keyword = record.substr(0, equals);
    const auto value = record.substr(equals + 1, record.size() - equals - 2);
    // An empty value takes back what an earlier record said.
    if (keyword == "path") {
      header.path = value;
    } else if (keyword == "linkpath") {
      header.target = value;
    } else if (keyword == "size") {
      header.size = pax_number(value);
      if (!header.size && !value.empty()) return malformed;
    } else if (keyword.starts_with("GNU.sparse.")) {
      header.sparse = true;
    }
  }
  return header;
}

}  // namespace ikfs
