/** merge() of flatten.h. */
#include <string>
#include <unordered_map>

#include "btf/builder.h"
#include "btf/complaint.h"
#include "btf/flatten.h"
#include "btf/references.h"
#include "btf/same_types.h"

namespace ikfs::btf {

namespace {

/** BTF split on one base being put behind it. */
class Merge {
 public:
  explicit Merge(const Btf& base)
      : base_(base), words_(base.words().begin(), base.words().end()), strings_(base.strings()) {}

  Status add(const Btf& split);
  std::vector<std::uint8_t> finish();

 private:
  /** @param known where the split BTF's own strings are, 0 for those that are not there yet */
  std::uint32_t string(const Btf& split, std::uint32_t offset, std::vector<std::uint32_t>& known);

  const Btf& base_;
  /** The base's types, then the others', which refer to each other as if none was left out. */
  std::vector<std::uint32_t> words_;
  std::vector<std::uint32_t> starts_;
  std::string strings_;
  /** Strings of modules; they stay where they are in their BTF. */
  std::unordered_map<std::string_view, std::uint32_t> offsets_;
  bool too_long_ = false;
};

Status Merge::add(const Btf& split) {
  if (split.base().get() != &base_) return Failure{FailureCode::usage, "the BTF is split on another base"};
  if (split.words().size() > most_words - words_.size())
    return Failure{FailureCode::limit, "the types have more than 1 GiB together"};
  // From its own numbers to the ones behind all that are there.
  const auto shift = static_cast<TypeId>(starts_.size());
  std::vector<std::uint32_t> known(split.strings().size());
  for (auto id = split.first(); id < split.count(); ++id) {
    const auto words = split.type(id).words();
    const auto at = words_.size();
    starts_.push_back(static_cast<std::uint32_t>(at));
    words_.insert(words_.end(), words.begin(), words.end());
    TypeId missing = 0;
    visit_references(
        std::span(words_).subspan(at), [&](std::uint32_t& offset) { offset = string(split, offset, known); },
        [&](TypeId& target) {
          if (target >= split.count()) missing = target;
          if (target >= split.first()) target += shift;
        });
    if (missing != 0)
      return complaint(split, id, "refers to type " + std::to_string(missing) + ", which is none");
    if (too_long_) return Failure{FailureCode::limit, "the names of types have more than 256 MiB together"};
  }
  return {};
}

std::uint32_t Merge::string(const Btf& split, std::uint32_t offset, std::vector<std::uint32_t>& known) {
  if (offset < split.string_first()) return offset;
  auto& found = known[offset - split.string_first()];
  if (found != 0 || too_long_) return found;
  const auto text = split.string(offset);
  if (text.empty()) return 0;
  if (text.size() + strings_.size() >= base_.strings().size() + StringIndex::most_bytes) {
    too_long_ = true;
    return 0;
  }
  const auto [place, is_new] = offsets_.try_emplace(text, static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.append(text).push_back('\0');
  found = place->second;
  return found;
}

std::vector<std::uint8_t> Merge::finish() {
  const auto firsts = first_of_same(words_, starts_, base_.count());
  std::vector<TypeId> numbers(firsts.size());
  TypeId next = base_.count();
  for (std::size_t at = 0; at < firsts.size(); ++at)
    numbers[at] = firsts[at] == at ? next++ : numbers[firsts[at]];
  auto end = words_.begin() + static_cast<std::ptrdiff_t>(base_.words().size());
  for (std::size_t at = 0; at < firsts.size(); ++at) {
    if (firsts[at] != at) continue;
    const auto from = words_.begin() + static_cast<std::ptrdiff_t>(starts_[at]);
    const auto count = Type(&*from).words().size();
    std::copy(from, from + static_cast<std::ptrdiff_t>(count), end);
    visit_references(
        std::span(end, count), [](std::uint32_t) {},
        [&](TypeId& id) {
          if (id >= base_.count()) id = numbers[id - base_.count()];
        });
    end += static_cast<std::ptrdiff_t>(count);
  }
  words_.erase(end, words_.end());
  return encode(words_, strings_, base_.order());
}

}  // namespace

Result<std::vector<std::uint8_t>> merge(const Btf& base, std::span<const std::shared_ptr<const Btf>> splits) {
  if (base.base()) return Failure{FailureCode::usage, "what modules are merged with is split BTF itself"};
  if (base.words().size() > most_words) return Failure{FailureCode::limit, "the types have more than 1 GiB"};
  Merge made(base);
  for (const auto& split : splits) {
    if (auto failure = made.add(*split)) return std::move(*failure);
  }
  return made.finish();
}

}  // namespace ikfs::btf
