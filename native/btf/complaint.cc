#include "btf/complaint.h"

#include <algorithm>

namespace ikfs::btf {

std::string shown(std::string_view name) {
  constexpr std::size_t longest = 64;
  std::string text(name.substr(0, longest));
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return byte < ' ' || byte > '~'; }, '?');
  return name.size() > longest ? text + "..." : text;
}

std::string shown(const Btf& btf, TypeId id) {
  const auto name = shown(btf.name_of(id));
  return "type " + std::to_string(id) + " (" + kind_name(btf.kind(id)) +
         (name.empty() || id == 0 ? "" : " " + name) + ")";
}

Failure complaint(const Btf& btf, TypeId id, const std::string& what) {
  return {.code = FailureCode::corrupt,
          .message = shown(btf, id) + ": " + what,
          .offset = id < btf.first() ? 0 : btf.offset_of(id)};
}

}  // namespace ikfs::btf
