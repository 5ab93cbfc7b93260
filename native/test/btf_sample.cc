#include "test/btf_sample.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "btf/references.h"
#include "test/runner.h"

namespace ikfs::test {

using btf::Kind;
using btf::TypeId;
using btf::visit_references;

TypeId BtfSample::type(Kind kind, std::string_view name, std::uint32_t third, std::uint32_t length, bool flag,
                       const std::vector<std::uint32_t>& more) {
  const auto information = std::uint32_t{flag} << 31 | static_cast<std::uint32_t>(kind) << 24 | length;
  std::vector<std::uint32_t> words{string(name), information, third};
  words.insert(words.end(), more.begin(), more.end());
  return add(words);
}

TypeId BtfSample::integer(std::string_view name, std::uint32_t size, std::uint32_t encoding) {
  return type(Kind::integer, name, size, 0, false, {encoding << 24 | size * 8});
}

TypeId BtfSample::array(TypeId element, TypeId index, std::uint32_t count) {
  return type(Kind::array, "", 0, 0, false, {element, index, count});
}

TypeId BtfSample::structure(std::string_view name, std::uint32_t size, const std::vector<Member>& members,
                            Kind kind) {
  std::vector<std::uint32_t> words;
  bool flag = false;
  for (const auto& member : members) {
    words.insert(words.end(), {string(member.name), member.type, member.bit_width << 24 | member.bit_offset});
    flag = flag || member.bit_width != 0;
  }
  return type(kind, name, size, static_cast<std::uint32_t>(members.size()), flag, words);
}

TypeId BtfSample::enumeration(std::string_view name, std::uint32_t size, const Named& constants) {
  std::vector<std::uint32_t> words;
  for (const auto& [constant, value] : constants) words.insert(words.end(), {string(constant), value});
  return type(Kind::enumeration, name, size, static_cast<std::uint32_t>(constants.size()), false, words);
}

TypeId BtfSample::prototype(TypeId returned, const Named& parameters) {
  std::vector<std::uint32_t> words;
  for (const auto& [parameter, of] : parameters) words.insert(words.end(), {string(parameter), of});
  return type(Kind::prototype, "", returned, static_cast<std::uint32_t>(parameters.size()), false, words);
}

SharedBtf BtfSample::read(SharedBtf base, std::endian order) const {
  return read_btf(encode(order), std::move(base));
}

SharedBtf read_btf(Bytes raw, SharedBtf base) {
  auto parsed = btf::Btf::parse(raw, std::move(base));
  if (const auto* failure = std::get_if<Failure>(&parsed)) unexpected(__FILE__, __LINE__, failure->message);
  return std::get<SharedBtf>(std::move(parsed));
}

std::string shape_of(const btf::Btf& btf, TypeId id) {
  const auto given = btf.type(id).words();
  std::vector<std::uint32_t> words(given.begin(), given.end());
  std::string names;
  visit_references(
      std::span(words),
      [&](std::uint32_t& offset) {
        names += " " + std::string(btf.string(offset));
        offset = 0;
      },
      [](TypeId) {});
  std::string text = btf::kind_name(btf.kind(id)) + names;
  for (const auto word : words) text += " " + std::to_string(word);
  return text;
}

Raw swapped_btf(Raw raw) {
  const auto swap = [&](std::size_t at, std::size_t size) {
    std::reverse(raw.begin() + static_cast<std::ptrdiff_t>(at),
                 raw.begin() + static_cast<std::ptrdiff_t>(at + size));
  };
  std::uint32_t types = 0;
  std::memcpy(&types, raw.data() + 12, sizeof types);
  swap(0, 2);
  for (std::size_t at = 4; at < 24 + std::size_t{types}; at += 4) swap(at, 4);
  return raw;
}

KernelSample::KernelSample() {
  BtfSample sample;
  int_type = sample.integer("int", 4, 1);
  char_type = sample.integer("char", 1, 1);
  long_type = sample.integer("long unsigned int", 8);
  list = sample.structure("list_head", 16, {{"next", 5, 0}, {"prev", 5, 64}});
  sample.pointer(list);
  count_type = sample.definition("count_t", long_type);
  lonely = sample.structure("lonely", 4, {{"nobody", int_type, 0}});
  task = sample.structure(
      "task", 48, {{"list", list, 0}, {"file", 10, 128}, {"comm", 11, 192}, {"count", count_type, 320}});
  file = sample.structure("file", 8, {{"owner", 12, 0}});
  sample.pointer(file);
  sample.array(char_type, int_type, 16);
  task_pointer = sample.pointer(task);
  color = sample.enumeration("color", 4, {{"red", 0}, {"green", 1}});
  raw = sample.encode(std::endian::native);
  btf = read_btf(raw);
}

namespace {

bool goes_to_base(const btf::Btf& btf, TypeId id) {
  switch (btf.kind(id)) {
    case Kind::integer:
    case Kind::floating:
    case Kind::forward:
    case Kind::enumeration:
    case Kind::enumeration_64:
    case Kind::structure:
    case Kind::union_type:
      return btf.type(id).name() != 0;
    default:
      return false;
  }
}

}  // namespace

Distilled distilled(const btf::Btf& split) {
  std::set<TypeId> named;
  std::set<TypeId> others;
  std::vector<TypeId> waiting;
  const auto refer = [&](TypeId id) {
    if (id == 0 || id >= split.first()) return;
    if (goes_to_base(split, id)) {
      named.insert(id);
    } else if (others.insert(id).second) {
      waiting.push_back(id);
    }
  };
  const auto no_name = [](std::uint32_t) {};
  for (auto id = split.first(); id < split.count(); ++id)
    visit_references(split.type(id).words(), no_name, refer);
  while (!waiting.empty()) {
    const auto id = waiting.back();
    waiting.pop_back();
    visit_references(split.type(id).words(), no_name, refer);
  }

  std::map<TypeId, TypeId> numbers{{0, 0}};
  std::map<std::string, std::uint32_t, std::less<>> names;
  BtfSample base;
  for (const auto id : named) {
    const auto type = split.type(id);
    const auto name = split.string(type.name());
    auto kind = type.kind() == Kind::enumeration_64 ? Kind::enumeration : type.kind();
    std::vector<std::uint32_t> more;
    if (kind == Kind::integer) more.push_back(type.words()[3]);
    const auto third = kind == Kind::forward ? 0 : type.size();
    numbers[id] = base.type(kind, name, third, 0, kind == Kind::forward && type.flag(), more);
    names.emplace(name, base.string(name));
  }
  Distilled made;
  made.base = base.read(nullptr, split.order());

  BtfSample own(*made.base);
  auto next = own.next();
  for (auto id = split.first(); id < split.count(); ++id) numbers[id] = next++;
  for (const auto id : others) numbers[id] = next++;
  const auto add = [&](TypeId id) {
    const auto given = split.type(id).words();
    std::vector<std::uint32_t> words(given.begin(), given.end());
    visit_references(
        std::span(words),
        [&](std::uint32_t& offset) {
          const auto name = split.string(offset);
          // libbpf looks for a string in the base first.
          const auto known = names.find(name);
          offset = known == names.end() ? own.string(name) : known->second;
        },
        [&](TypeId& to) { to = numbers.at(to); });
    own.add(words);
  };
  for (auto id = split.first(); id < split.count(); ++id) add(id);
  for (const auto id : others) add(id);
  made.split = own.read(made.base, split.order());
  return made;
}

}  // namespace ikfs::test
