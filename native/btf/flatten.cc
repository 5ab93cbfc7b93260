#include "btf/flatten.h"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_map>

#include "btf/builder.h"
#include "btf/complaint.h"
#include "btf/references.h"

namespace ikfs::btf {

namespace {

/** A set of numbers below a limit. */
class Bits {
 public:
  explicit Bits(std::size_t limit) : words_((limit + 63) / 64) {}

  /** Adds a number. @returns whether it was not there */
  bool add(std::uint32_t number) {
    auto& word = words_[number / 64];
    const auto bit = std::uint64_t{1} << number % 64;
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }

  /** Calls with each number, in order. */
  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      for (auto word = words_[at]; word != 0; word &= word - 1)
        visit(static_cast<std::uint32_t>(at * 64 + static_cast<std::size_t>(std::countr_zero(word))));
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

/** One BTF being made flat. */
class Flat {
 public:
  Flat(const Btf& split, const FlatBase& base)
      : split_(split),
        base_(base),
        reached_(split.first()),
        numbers_(std::make_unique_for_overwrite<TypeId[]>(split.first())),
        used_(base.strings.size()),
        offsets_(std::make_unique_for_overwrite<std::uint32_t[]>(base.strings.size())),
        own_offsets_(split.strings().size()) {}

  Result<std::vector<std::uint8_t>> make();

 private:
  /** Finds what the own types reach. */
  Status reach();
  void write();
  template <typename NewName, typename NewId>
  void write_type(Type type, NewName new_name, NewId new_id);
  /** The offset of a string, which is written when it is new. @param offset in the split BTF */
  std::uint32_t string(std::uint32_t offset);
  std::uint32_t string_of_base(std::uint32_t number);
  /** Writes a string that the base's types do not name. */
  std::uint32_t other_string(std::string_view text);
  std::uint32_t write_string(std::string_view text);

  const Btf& split_;
  const FlatBase& base_;
  Bits reached_;
  /** New numbers of types of the base; only those that are reached mean something. */
  std::unique_ptr<TypeId[]> numbers_;
  /** How many of them there are. */
  TypeId of_base_ = 0;
  /** Which strings of the base's types are written, by number, and then where. */
  Bits used_;
  std::unique_ptr<std::uint32_t[]> offsets_;
  /** Where strings of its own are written; 0 when they are not, or empty. */
  std::vector<std::uint32_t> own_offsets_;
  /** Where those are written that are the base's strings, but named by its own types only. */
  std::unordered_map<std::uint32_t, std::uint32_t> only_own_;
  std::unordered_map<std::string_view, std::uint32_t> others_;
  /** The new types' words. */
  std::vector<std::uint32_t> words_;
  std::size_t word_count_ = 0;
  /** How many of them are there. */
  std::size_t written_ = 0;
  std::string strings_;
  bool too_long_ = false;
};

Result<std::vector<std::uint8_t>> Flat::make() {
  if (auto failure = reach()) return std::move(*failure);
  if (word_count_ > most_words) return Failure{FailureCode::limit, "the types have more than 1 GiB"};
  write();
  if (too_long_) return Failure{FailureCode::limit, "the names of types have more than 256 MiB"};
  return encode(words_, strings_, split_.order());
}

Status Flat::reach() {
  std::vector<TypeId> waiting;
  TypeId missing = 0;
  const auto reach_one = [&](TypeId id) {
    if (id >= split_.count()) missing = id;
    if (id == 0 || id >= split_.first() || !reached_.add(id)) return;
    waiting.push_back(id);
  };
  for (auto id = split_.first(); id < split_.count(); ++id) {
    visit_references(
        split_.type(id).words(), [](std::uint32_t) {}, reach_one);
    if (missing != 0)
      return complaint(split_, id, "refers to type " + std::to_string(missing) + ", which is none");
  }
  word_count_ = split_.words().size();
  while (!waiting.empty()) {
    const auto words = base_.type(waiting.back()).words();
    waiting.pop_back();
    word_count_ += words.size();
    visit_references(
        words, [](std::uint32_t) {}, reach_one);
  }
  return {};
}

void Flat::write() {
  reached_.each([&](TypeId id) { numbers_[id] = ++of_base_; });
  words_.resize(word_count_);
  strings_.push_back('\0');
  reached_.each([&](TypeId id) {
    write_type(
        base_.type(id), [&](std::uint32_t number) { return string_of_base(number); },
        [&](TypeId target) { return target == 0 ? 0 : numbers_[target]; });
  });
  const auto number_of = [&](TypeId target) {
    if (target >= split_.first()) return target + of_base_ + 1 - split_.first();
    return target == 0 ? 0 : numbers_[target];
  };
  for (auto id = split_.first(); id < split_.count(); ++id)
    write_type(
        split_.type(id), [&](std::uint32_t offset) { return string(offset); }, number_of);
}

template <typename NewName, typename NewId>
void Flat::write_type(Type type, NewName new_name, NewId new_id) {
  const auto words = type.words();
  const auto written = std::span(words_).subspan(written_, words.size());
  written_ += words.size();
  std::copy(words.begin(), words.end(), written.begin());
  visit_references(
      written, [&](std::uint32_t& name) { name = new_name(name); }, [&](TypeId& id) { id = new_id(id); });
}

std::uint32_t Flat::string(std::uint32_t offset) {
  if (offset == 0 || too_long_) return 0;
  if (offset < split_.string_first()) {
    if (const auto number = base_.strings.at(offset)) return string_of_base(*number);
    const auto [place, is_new] = only_own_.try_emplace(offset, 0);
    if (is_new) place->second = other_string(split_.string(offset));
    return place->second;
  }
  auto& known = own_offsets_[offset - split_.string_first()];
  if (known == 0) {
    const auto text = split_.string(offset);
    const auto number = base_.strings.find(text);
    known = number ? string_of_base(*number) : other_string(text);
  }
  return known;
}

std::uint32_t Flat::string_of_base(std::uint32_t number) {
  if (used_.add(number)) offsets_[number] = write_string(base_.strings.text(number));
  return offsets_[number];
}

std::uint32_t Flat::other_string(std::string_view text) {
  const auto [place, is_new] = others_.try_emplace(text, 0);
  if (is_new) place->second = write_string(text);
  return place->second;
}

std::uint32_t Flat::write_string(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() + strings_.size() >= StringIndex::most_bytes) {
    too_long_ = true;
    return 0;
  }
  const auto offset = static_cast<std::uint32_t>(strings_.size());
  strings_.append(text).push_back('\0');
  return offset;
}

}  // namespace

Flattener::Flattener(const Btf* base) : base_(base) {
  if (base == nullptr) return;
  unusable_ = types_.strings.add(*base);
  for (TypeId id = 1; id < base->count() && !unusable_; ++id) {
    const auto words = base->type(id).words();
    const auto at = types_.words.size();
    if (words.size() > most_words - at) {
      unusable_ = Failure{FailureCode::limit, "the types have more than 1 GiB"};
      break;
    }
    types_.starts.push_back(static_cast<std::uint32_t>(at));
    types_.words.insert(types_.words.end(), words.begin(), words.end());
    visit_references(
        std::span(types_.words).subspan(at), [&](std::uint32_t& name) { name = *types_.strings.at(name); },
        [&](TypeId target) {
          if (target < base->count()) return;
          unusable_ = complaint(*base, id, "refers to type " + std::to_string(target) + ", which is none");
        });
  }
}

Result<std::vector<std::uint8_t>> Flattener::flatten(const Btf& split) const {
  if (split.base().get() != base_) return Failure{FailureCode::usage, "the BTF is split on another base"};
  if (unusable_) return *unusable_;
  return Flat(split, types_).make();
}

const Flattener& Btf::flattener() const {
  std::call_once(flattener_is_made_, [this] { flattener_ = std::make_shared<const Flattener>(this); });
  return *flattener_;
}

Result<std::vector<std::uint8_t>> flatten(const Btf& split) {
  return split.base() ? split.base()->flattener().flatten(split) : Flattener(nullptr).flatten(split);
}

}  // namespace ikfs::btf
