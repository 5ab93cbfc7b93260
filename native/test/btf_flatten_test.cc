/** BTF that needs no base: of one module, and of a kernel with all of its modules. */
#include <algorithm>
#include <set>
#include <string>

#include "btf/flatten.h"
#include "btf/validate.h"
#include "test/btf_sample.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using btf::Kind;

Raw made_of(Result<Raw> result) {
  if (const auto* failure = std::get_if<Failure>(&result)) unexpected(__FILE__, __LINE__, failure->message);
  return std::get<Raw>(std::move(result));
}

/** Made, and of the size that was told before. */
SharedBtf flat_of(const SharedBtf& split) {
  const auto made = made_of(btf::flatten(*split));
  EXPECT_EQUAL(std::get<std::uint64_t>(btf::flat_size(*split)), made.size());
  return read_btf(made);
}

std::string shapes_of(const btf::Btf& btf) {
  std::string text;
  for (auto id = btf.first(); id < btf.count(); ++id) text += shape_of(btf, id) + "\n";
  return text;
}

std::multiset<std::string> strings_of(const btf::Btf& btf) {
  std::multiset<std::string> all;
  for (std::size_t at = 0; at < btf.strings().size();) {
    all.emplace(btf.strings().data() + at);
    at += std::string_view(btf.strings().data() + at).size() + 1;
  }
  return all;
}

std::uint32_t times(const btf::Btf& btf, std::string_view name) {
  std::uint32_t found = 0;
  for (btf::TypeId id = 1; id < btf.count(); ++id) found += btf.name_of(id) == name;
  return found;
}

}  // namespace

TEST("flat BTF holds what a module reaches, whole, in the order of the base, and then its own") {
  const KernelSample kernel;
  BtfSample module(*kernel.btf);
  module.function("use", module.prototype(0, {{"task", kernel.task_pointer}, {"flags", kernel.count_type}}));
  const auto flat = flat_of(module.read(kernel.btf));
  EXPECT(!btf::validate(*flat));
  std::string names;
  for (btf::TypeId id = 1; id < flat->count(); ++id)
    names += std::string(btf::kind_name(flat->kind(id))) + " " + std::string(flat->name_of(id)) + ",";
  EXPECT_EQUAL(
      names,
      std::string("INT int,INT char,INT long unsigned int,STRUCT list_head,PTR ,TYPEDEF count_t,STRUCT task,"
                  "STRUCT file,PTR ,ARRAY ,PTR ,FUNC_PROTO ,FUNC use,"));
  const auto task = flat->type(7);
  EXPECT_EQUAL(task.length(), 4U);
  EXPECT_EQUAL(task.member(0).type, 4U);
  EXPECT_EQUAL(std::string(flat->string(task.member(3).name)), "count");
  EXPECT_EQUAL(flat->type(8).member(0).type, 11U);
  EXPECT_EQUAL(flat->type(11).target(), 7U);
  EXPECT_EQUAL(flat->type(12).parameter(0).type, 11U);
  EXPECT_EQUAL(flat->type(13).target(), 12U);
}

TEST("flat BTF has each string once, and none that no type names") {
  BtfSample base;
  const auto first = base.integer("int", 4, 1);
  base.structure("unused", 4, {{"unused_member", first, 0}});
  // The same text twice in one section, and once more in the module's.
  const auto again = base.append_strings(std::string_view("int\0", 4));
  base.add(std::vector<std::uint32_t>{again, 8U << 24 | 0, first});
  base.add(std::vector<std::uint32_t>{again, 4U << 24 | 0, 0});
  const auto base_btf = base.read();
  BtfSample module(*base_btf);
  const auto own = module.append_strings(std::string_view("own\0int\0own\0nobody\0", 19));
  module.add(std::vector<std::uint32_t>{own, 4U << 24 | 2, 8, own + 4, 4, 0, own + 8, first, 32});
  module.add(std::vector<std::uint32_t>{own + 1, 4U << 24 | 0, 0});
  const auto flat = flat_of(module.read(base_btf));
  EXPECT(strings_of(*flat) == (std::multiset<std::string>{"", "int", "own", "wn"}));
  EXPECT_EQUAL(shapes_of(*flat),
               std::string("INT int 0 16777216 4 16777248\nSTRUCT int 0 67108864 0\n"
                           "STRUCT own int own 0 67108866 8 0 2 0 0 1 32\nSTRUCT wn 0 67108864 0\n"));
}

TEST("the size of flat BTF is told with and without the base's circle of types, and beside it") {
  const KernelSample kernel;
  BtfSample outside(*kernel.btf);
  outside.definition("own_t", kernel.int_type);
  flat_of(outside.read(kernel.btf));
  BtfSample inside(*kernel.btf);
  inside.definition("own_t", kernel.int_type);
  inside.pointer(kernel.lonely);
  inside.structure("holder", 24, {{"task", kernel.task, 0}, {"color", kernel.color, 128}, {"own", 1, 160}});
  EXPECT_EQUAL(times(*flat_of(inside.read(kernel.btf)), "task"), 1U);
}

TEST("a base whose types are one long chain, or all one circle, is flattened like any other") {
  constexpr std::uint32_t many = 200'000;
  for (const btf::TypeId end : {0U, 1U}) {
    BtfSample base;
    for (std::uint32_t i = 1; i < many; ++i) base.pointer(base.next() + 1);
    base.pointer(end);
    const auto base_btf = base.read();
    BtfSample module(*base_btf);
    module.pointer(many / 2);
    EXPECT_EQUAL(flat_of(module.read(base_btf))->count(), end == 0 ? many / 2 + 3 : many + 2);
  }
}

TEST("BTF without a base is flat, and comes out as it is; of the other byte order, in that one") {
  const KernelSample kernel;
  const auto flat = flat_of(kernel.btf);
  EXPECT_EQUAL(shapes_of(*flat), shapes_of(*kernel.btf));
  EXPECT(!btf::validate(*flat));

  BtfSample base;
  base.structure("s", 4, {{"i", base.integer("int", 4, 1), 0}});
  BtfSample module(*base.read());
  module.definition("t", 2);
  module.enumeration("e", 4, {{"minus", 0xffff'fffe}});
  const auto native = base.encode(std::endian::native);
  const auto split = module.encode(std::endian::native);
  const auto other_base = read_btf(swapped_btf(native));
  const auto native_base = read_btf(native);
  const std::vector native_splits{read_btf(split, native_base)};
  const std::vector other_splits{read_btf(swapped_btf(split), other_base)};
  EXPECT(made_of(btf::flatten(*other_splits[0])) == swapped_btf(made_of(btf::flatten(*native_splits[0]))));
  EXPECT(made_of(btf::merge(*other_base, other_splits)) ==
         swapped_btf(made_of(btf::merge(*native_base, native_splits))));
}

TEST("what is no BTF to flatten is said to be so: types that are none, another base, strings without end") {
  const KernelSample kernel;
  BtfSample module(*kernel.btf);
  module.pointer(99);
  const auto broken = btf::flatten(*module.read(kernel.btf));
  EXPECT(std::get<Failure>(broken).code == FailureCode::corrupt);
  EXPECT_EQUAL(std::get<Failure>(broken).message, "type 14 (PTR): refers to type 99, which is none");

  BtfSample base;
  base.pointer(7);
  const auto base_btf = base.read();
  BtfSample split(*base_btf);
  split.pointer(1);
  EXPECT(std::get<Failure>(btf::flatten(*split.read(base_btf))).code == FailureCode::corrupt);

  const KernelSample other;
  const auto elsewhere = BtfSample(*other.btf).read(other.btf);
  EXPECT(std::get<Failure>(btf::Flattener(kernel.btf.get()).flatten(*elsewhere)).code == FailureCode::usage);
  EXPECT(std::get<Failure>(btf::merge(*kernel.btf, std::vector{elsewhere})).code == FailureCode::usage);

  // Names that end in each other: 30,000 of them have 450 MB, in a section of 30 kB.
  constexpr std::uint32_t many = 30'000;
  BtfSample long_names;
  const auto start = long_names.append_strings(std::string(many, 'x') + std::string(1, '\0'));
  for (std::uint32_t i = 0; i < many; ++i) long_names.add(std::vector<std::uint32_t>{start + i, 4U << 24, 0});
  const auto endless = long_names.read();
  EXPECT(std::get<Failure>(btf::flatten(*endless)).code == FailureCode::limit);
  EXPECT(std::get<Failure>(btf::flatten(*BtfSample(*endless).read(endless))).code == FailureCode::limit);
}

TEST("a kernel with its modules has what several of these have once, however it refers to itself") {
  const KernelSample kernel;
  const auto module = [&](std::string_view differing, bool other_order) {
    BtfSample sample(*kernel.btf);
    // A circle: struct node, a pointer to it, a struct that holds that.
    const auto node = sample.next() + (other_order ? 1 : 0);
    if (other_order) sample.pointer(node);
    sample.structure("node", 32,
                     {{"up", other_order ? node - 1 : node + 1, 0},
                      {"task", kernel.task_pointer, 64},
                      {"inner", node + 2, 128}});
    if (other_order) {
      sample.definition("id_t", kernel.int_type);
    } else {
      sample.pointer(node);
    }
    sample.structure("inner", 16,
                     {{"node", other_order ? node - 1 : node + 1, 0}, {"n", kernel.int_type, 64}});
    if (!other_order) sample.definition("id_t", kernel.int_type);
    sample.structure("differs", 8, {{differing, sample.next() + 1, 0}});
    sample.pointer(sample.next() - 1);
    return sample.read(kernel.btf);
  };
  const std::vector splits{module("a", false), module("a", true), module("b", false)};
  const auto merged = read_btf(made_of(btf::merge(*kernel.btf, splits)));
  EXPECT(!btf::validate(*merged));
  EXPECT_EQUAL(merged->count(), kernel.btf->count() + 6 + 2);
  EXPECT_EQUAL(times(*merged, "node"), 1U);
  EXPECT_EQUAL(times(*merged, "inner"), 1U);
  EXPECT_EQUAL(times(*merged, "id_t"), 1U);
  EXPECT_EQUAL(times(*merged, "differs"), 2U);
  EXPECT_EQUAL(merged->type(14).member(0).type, 15U);
  EXPECT_EQUAL(merged->type(15).target(), 14U);
  EXPECT_EQUAL(merged->type(20).member(0).type, 21U);
  EXPECT_EQUAL(merged->type(21).target(), 20U);
  EXPECT_EQUAL(strings_of(*merged).count("node"), 1U);
  EXPECT(shapes_of(*merged).starts_with(shapes_of(*kernel.btf)));
}

TEST("types that differ only far away stay apart, and merging takes no time for it") {
  const KernelSample kernel;
  constexpr std::uint32_t many = 100'000;
  const auto chain = [&](btf::TypeId end) {
    BtfSample sample(*kernel.btf);
    for (std::uint32_t i = 1; i < many; ++i) sample.pointer(sample.next() + 1);
    sample.pointer(end);
    return sample.read(kernel.btf);
  };
  const auto count = [&](const std::vector<SharedBtf>& splits) {
    return read_btf(made_of(btf::merge(*kernel.btf, splits)))->count() - kernel.btf->count();
  };
  EXPECT_EQUAL(count({chain(kernel.task), chain(kernel.task)}), many);
  EXPECT_EQUAL(count({chain(kernel.task), chain(kernel.file)}), 2 * many);
}

}  // namespace ikfs::test
