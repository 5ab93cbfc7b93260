#include "btf/flat_strings.h"

#include "btf/string_index.h"

namespace ikfs::btf {

void FlatStrings::count_core() {
  used_.add_all(base_.core().strings);
  core_bytes_ = base_.core().string_bytes;
}

std::uint32_t FlatStrings::of_split(std::uint32_t offset) {
  if (offset == 0 || too_long_) return 0;
  if (offset < split_.string_first()) {
    if (const auto number = base_.strings().at(offset)) return of_base(*number);
    const auto [place, is_new] = only_own_.try_emplace(offset, 0);
    if (is_new) place->second = other(split_.string(offset));
    return place->second;
  }
  auto& known = own_offsets_[offset - split_.string_first()];
  if (known == 0) {
    const auto text = split_.string(offset);
    const auto number = base_.strings().find(text);
    known = number ? of_base(*number) : other(text);
  }
  return known;
}

std::uint32_t FlatStrings::of_base(std::uint32_t number) {
  if (used_.add(number)) offsets_[number] = append(base_.strings().text(number));
  return offsets_[number];
}

std::uint32_t FlatStrings::other(std::string_view text) {
  const auto [place, is_new] = others_.try_emplace(text, 0);
  if (is_new) place->second = append(text);
  return place->second;
}

std::uint32_t FlatStrings::append(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() + bytes() >= StringIndex::most_bytes) {
    too_long_ = true;
    return 0;
  }
  const auto offset = static_cast<std::uint32_t>(text_.size());
  text_.append(text).push_back('\0');
  return offset;
}

}  // namespace ikfs::btf
