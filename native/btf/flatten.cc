#include "btf/flatten.h"

#include <algorithm>
#include <memory>
#include <span>

#include "btf/builder.h"
#include "btf/flat_reach.h"
#include "btf/flat_strings.h"
#include "btf/references.h"

namespace ikfs::btf {

namespace {

constexpr std::string_view too_many_words = "the types have more than 1 GiB";
constexpr std::string_view too_long_names = "the names of types have more than 256 MiB";

Failure limit(std::string_view message) { return {FailureCode::limit, std::string(message)}; }

/** The types of a flat BTF, being written. */
class FlatTypes {
 public:
  FlatTypes(const Btf& split, const FlatBase& base, const FlatReach& reach)
      : split_(split),
        base_(base),
        reach_(reach),
        strings_(split, base),
        numbers_(std::make_unique_for_overwrite<TypeId[]>(split.first())),
        words_(reach.word_count()) {}

  void write();
  std::span<const std::uint32_t> words() const { return words_; }
  const FlatStrings& strings() const { return strings_; }

 private:
  template <typename NewName, typename NewId>
  void write_type(Type type, NewName new_name, NewId new_id);

  const Btf& split_;
  const FlatBase& base_;
  const FlatReach& reach_;
  FlatStrings strings_;
  /** New numbers of types of the base; only those that are reached mean something. */
  std::unique_ptr<TypeId[]> numbers_;
  std::vector<std::uint32_t> words_;
  /** How many of them are there. */
  std::size_t written_ = 0;
};

void FlatTypes::write() {
  TypeId of_base = 0;
  reach_.types().each([&](TypeId id) { numbers_[id] = ++of_base; });
  reach_.types().each([&](TypeId id) {
    write_type(
        base_.type(id), [&](std::uint32_t number) { return strings_.of_base(number); },
        [&](TypeId target) { return target == 0 ? 0 : numbers_[target]; });
  });
  const auto number_of = [&](TypeId target) {
    if (target >= split_.first()) return target + of_base + 1 - split_.first();
    return target == 0 ? 0 : numbers_[target];
  };
  for (auto id = split_.first(); id < split_.count(); ++id)
    write_type(
        split_.type(id), [&](std::uint32_t offset) { return strings_.of_split(offset); }, number_of);
}

template <typename NewName, typename NewId>
void FlatTypes::write_type(Type type, NewName new_name, NewId new_id) {
  const auto words = type.words();
  const auto written = std::span(words_).subspan(written_, words.size());
  written_ += words.size();
  std::copy(words.begin(), words.end(), written.begin());
  visit_references(
      written, [&](std::uint32_t& name) { name = new_name(name); }, [&](TypeId& id) { id = new_id(id); });
}

}  // namespace

Status Flattener::refuse(const Btf& split) const {
  if (split.base().get() != base_.btf())
    return Failure{FailureCode::usage, "the BTF is split on another base"};
  return base_.unusable();
}

Result<std::vector<std::uint8_t>> Flattener::flatten(const Btf& split) const {
  if (auto failure = refuse(split)) return std::move(*failure);
  FlatReach reach(split, base_);
  if (auto failure = reach.find()) return std::move(*failure);
  if (reach.word_count() > most_words) return limit(too_many_words);
  FlatTypes types(split, base_, reach);
  types.write();
  if (types.strings().too_long()) return limit(too_long_names);
  return encode(types.words(), types.strings().text(), split.order());
}

Result<std::uint64_t> Flattener::flat_size(const Btf& split) const {
  if (auto failure = refuse(split)) return std::move(*failure);
  FlatReach reach(split, base_);
  if (auto failure = reach.find()) return std::move(*failure);
  if (reach.word_count() > most_words) return limit(too_many_words);
  FlatStrings strings(split, base_);
  const auto no_types = [](TypeId) {};
  if (reach.core()) strings.count_core();
  for (const auto id : reach.singles()) {
    visit_references(
        base_.type(id).words(), [&](std::uint32_t number) { strings.of_base(number); }, no_types);
  }
  for (auto id = split.first(); id < split.count(); ++id) {
    visit_references(
        split.type(id).words(), [&](std::uint32_t offset) { strings.of_split(offset); }, no_types);
  }
  if (strings.too_long()) return limit(too_long_names);
  return encoded_size(reach.word_count(), strings.bytes());
}

const Flattener& Btf::flattener() const {
  std::call_once(flattener_is_made_, [this] { flattener_ = std::make_shared<const Flattener>(this); });
  return *flattener_;
}

Result<std::vector<std::uint8_t>> flatten(const Btf& split) {
  return split.base() ? split.base()->flattener().flatten(split) : Flattener(nullptr).flatten(split);
}

Result<std::uint64_t> flat_size(const Btf& split) {
  return split.base() ? split.base()->flattener().flat_size(split) : Flattener(nullptr).flat_size(split);
}

}  // namespace ikfs::btf
