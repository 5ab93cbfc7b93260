#include "btf/string_index.h"

#include <bit>
#include <functional>

#include "btf/references.h"

namespace ikfs::btf {

Status StringIndex::add(const Btf& btf) {
  named_.resize(btf.string_end() / 64 + 1);
  for (TypeId id = 1; id < btf.count(); ++id) {
    visit_references(
        btf.type(id).words(),
        [&](std::uint32_t offset) { named_[offset / 64].bits |= std::uint64_t{1} << offset % 64; },
        [](TypeId) {});
  }
  std::size_t bytes = 0;
  for (std::uint32_t word = 0; word < named_.size(); ++word) {
    named_[word].before = size();
    for (auto bits = named_[word].bits; bits != 0; bits &= bits - 1) {
      texts_.push_back(btf.string(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))));
      bytes += texts_.back().size();
      if (bytes > most_bytes) return Failure{FailureCode::limit, "the names of types have more than 256 MiB"};
    }
  }
  slots_.resize(std::bit_ceil(texts_.size() * 2 + 1));
  same_as_.resize(size());
  for (std::uint32_t number = 0; number < size(); ++number) {
    const auto hash = hash_of(text(number));
    auto& slot = slots_[slot_of(text(number), hash)];
    if (slot.number == nothing) slot = {hash, number};
    same_as_[number] = slot.number;
  }
  return {};
}

std::optional<std::uint32_t> StringIndex::find(std::string_view text) const {
  if (slots_.empty()) return {};
  const auto number = slots_[slot_of(text, hash_of(text))].number;
  return number == nothing ? std::nullopt : std::optional(number);
}

std::uint32_t StringIndex::hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(text));
}

std::size_t StringIndex::slot_of(std::string_view text, std::uint32_t hash) const {
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  const auto taken_by_another = [&](const Slot& slot) {
    return slot.number != nothing && (slot.hash != hash || this->text(slot.number) != text);
  };
  while (taken_by_another(slots_[at])) at = (at + 1) & mask;
  return at;
}

}  // namespace ikfs::btf
