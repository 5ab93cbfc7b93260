/**
 * Takes the input for two BTFs, each behind its length: a base, and what is split on it. Whatever they hold,
 * to validate, relocate, flatten and merge them gives BTF that can be read or a typed failure. The first byte
 * of the input says which of the two are made to get past the parser before, and which to be well-formed for
 * the most part: little that is random does or is.
 */
#include "btf/btf.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "btf/c_header.h"
#include "btf/flatten.h"
#include "btf/references.h"
#include "btf/relocate.h"
#include "btf/validate.h"
#include "fuzz/check.h"

namespace ikfs::btf {

namespace {

using Shared = std::shared_ptr<const Btf>;
using Raw = std::vector<std::uint8_t>;

constexpr std::size_t header_size = 24;

/** Takes the next bytes of the input, which a number of two bytes tells the length of. */
Raw next_of(Bytes& input) {
  if (input.size() < 2) return {};
  const std::size_t length = std::min<std::size_t>(input[0] | input[1] << 8, input.size() - 2);
  const auto bytes = input.subspan(2, length);
  input = input.subspan(2 + length);
  return {bytes.begin(), bytes.end()};
}

/** Which types and strings there are before and with a BTF's own. */
struct Limits {
  TypeId first;
  TypeId count;
  std::uint32_t string_end;
};

/** Makes a type well-formed, but for where its members are. */
void settle(std::span<std::uint32_t> words, const Limits& limits) {
  const auto kind = Type(words.data()).kind();
  const auto nameless = kind == Kind::pointer || kind == Kind::array || kind == Kind::prototype ||
                        kind == Kind::volatile_type || kind == Kind::constant || kind == Kind::restricted;
  visit_references(
      words, [](std::uint32_t&) {}, [&](TypeId& id) { id %= limits.count; });
  if (nameless) {
    words[0] = 0;
  } else if (words[0] == 0) {
    words[0] = limits.string_end - 2;
  }
  const bool composite = kind == Kind::structure || kind == Kind::union_type;
  if (composite) {
    words[2] = words[2] % 64 + 32;
    for (std::size_t at = 3; at < words.size(); at += 3)
      words[at + 2] =
          kind == Kind::union_type ? 0 : static_cast<std::uint32_t>(at - 3) * 8 + words[at + 2] % 2 * 4;
  }
  const bool flagged =
      composite || kind == Kind::forward || kind == Kind::enumeration || kind == Kind::enumeration_64;
  if (!flagged) words[1] &= 0x7fff'ffff;
  if (words.size() == (kind == Kind::array ? 6 : kind == Kind::integer ? 4 : 3)) words[1] &= 0xff00'0000;
  if (kind == Kind::integer) words[2] = 4, words[3] = words[3] % 3 << 24 | 32;
  if (kind == Kind::floating || kind == Kind::enumeration_64) words[2] = 8;
  if (kind == Kind::enumeration) words[2] = 4;
  if (kind == Kind::forward || kind == Kind::array) words[2] = 0;
  if (kind == Kind::variable) words[3] %= 2;
  if (kind == Kind::declaration_tag) words[3] = words[3] % 4 - 1;
}

/** Makes types of words: kinds that there are, of lengths that fit, with names among the strings. */
void repair_types(std::span<std::uint32_t> words, Limits limits, bool to_form) {
  std::vector<std::span<std::uint32_t>> types;
  for (auto rest = words; rest.size() >= 3; rest = rest.subspan(types.back().size())) {
    auto& information = rest[1];
    const auto kind = (information >> 24 & 0x7f) % kind_count;
    information = (information & 0x8000'0007) | std::max(kind, 1U) << 24;
    auto count = Type::word_count(information);
    if (count > rest.size()) {
      information = static_cast<std::uint32_t>(Kind::pointer) << 24;
      count = 3;
    }
    visit_references(
        rest.first(count), [&](std::uint32_t& name) { name %= limits.string_end; }, [](TypeId) {});
    types.push_back(rest.first(count));
  }
  limits.count = limits.first + static_cast<TypeId>(types.size());
  for (const auto type : types) {
    if (to_form) settle(type, limits);
  }
}

/**
 * Gives bytes a header by which they are BTF: words of types first, strings as their last part.
 * @param base what it is split on, or null
 */
void repair(Raw& raw, const Btf* base, bool to_form) {
  raw.resize(std::max(raw.size(), header_size + 4));
  const auto rest = static_cast<std::uint32_t>(raw.size() - header_size);
  std::uint32_t types = 0;
  std::memcpy(&types, raw.data() + 12, sizeof types);
  types = types % (rest - 3) / 4 * 4;
  const std::uint32_t fields[] = {header_size, 0, types, types, rest - types};
  const std::uint8_t magic[] = {0x9f, 0xeb, 1, 0};
  std::memcpy(raw.data(), magic, sizeof magic);
  std::memcpy(raw.data() + 4, fields, sizeof fields);
  auto* strings = raw.data() + header_size + types;
  for (std::uint32_t at = 0; at < rest - types && to_form; ++at) {
    if (strings[at] != 0) strings[at] = static_cast<std::uint8_t>('a' + strings[at] % 26);
  }
  if (to_form) raw[raw.size() - 2] = 'z';
  if (base == nullptr) *strings = 0;
  raw.back() = 0;
  std::vector<std::uint32_t> words(types / 4);
  if (types > 0) std::memcpy(words.data(), raw.data() + header_size, types);
  const Limits limits{base ? base->count() : 1, 0, (base ? base->string_end() : 0) + rest - types};
  repair_types(words, limits, to_form);
  if (types > 0) std::memcpy(raw.data() + header_size, words.data(), types);
}

/** What was made, read; null for a failure. */
Shared read(const Result<Raw>& made, Shared base) {
  const auto* raw = std::get_if<Raw>(&made);
  if (raw == nullptr) return nullptr;
  auto parsed = Btf::parse(*raw, std::move(base));
  CHECK(std::holds_alternative<Shared>(parsed));
  return std::get<Shared>(parsed);
}

class Nowhere final : public Output {
 public:
  Status write(Bytes) override { return {}; }
};

void check(Bytes input) {
  if (input.empty()) return;
  const auto mode = input[0];
  input = input.subspan(1);
  auto first = next_of(input);
  if ((mode & 1) == 0) repair(first, nullptr, (mode & 4) == 0);
  const auto parsed_base = Btf::parse(first);
  if (std::holds_alternative<Failure>(parsed_base)) return;
  const auto base = std::get<Shared>(parsed_base);
  auto second = next_of(input);
  if ((mode & 2) == 0) repair(second, base.get(), (mode & 8) == 0);
  const auto parsed_split = Btf::parse(second, base);
  if (std::holds_alternative<Failure>(parsed_split)) return;
  const auto split = std::get<Shared>(parsed_split);

  const bool good = !validate(*base) && !validate(*split);
  const auto vmlinux = std::get<Shared>(Btf::parse(first));
  const auto relocated = read(relocate(*split, *vmlinux), vmlinux);
  // On what it was made with, each type stands for itself.
  if (relocated) CHECK(relocated->count() == split->count());
  for (const auto& one : {base, split}) {
    auto made = flatten(*one);
    const auto size = flat_size(*one);
    CHECK(made.index() == size.index());
    if (const auto* bytes = std::get_if<0>(&made)) CHECK(bytes->size() == std::get<0>(size));
    const auto flat = read(std::move(made), nullptr);
    if (good) CHECK(flat != nullptr);
    if (flat) CHECK(flat->count() <= one->count());
  }
  const auto merged = read(merge(*base, std::vector{split, split}), nullptr);
  if (good) CHECK(merged != nullptr);
  if (merged) CHECK(merged->count() <= split->count());
  Nowhere output;
  const auto written = write_c_header(*split, {.first_own = 1, .limit = 1 << 20}, output);
  if (written) CHECK(written->code == FailureCode::corrupt || written->code == FailureCode::limit);
}

}  // namespace

}  // namespace ikfs::btf

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikfs::btf::check({data, size});
  return 0;
}
