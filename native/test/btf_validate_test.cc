/** What a kernel takes for BTF of its own, and what it does not. */
#include <string>

#include "btf/validate.h"
#include "test/btf_sample.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using btf::Kind;

/** What is wrong with BTF; empty when nothing is. */
std::string complaint_about(const SharedBtf& btf) {
  const auto failure = btf::validate(*btf);
  if (!failure) return "";
  EXPECT(failure->code == FailureCode::corrupt);
  return failure->message;
}

/** What is wrong with BTF split on the sample of a kernel. */
template <typename Fill>
std::string complaint_about_split(Fill fill) {
  const KernelSample kernel;
  BtfSample sample(*kernel.btf);
  fill(sample, kernel);
  return complaint_about(sample.read(kernel.btf));
}

/** What is wrong with BTF that begins with an int, number 1. */
template <typename Fill>
std::string complaint_about_own(Fill fill) {
  BtfSample sample;
  sample.integer("int", 4, 1);
  fill(sample);
  return complaint_about(sample.read());
}

}  // namespace

TEST("BTF that a kernel takes is found to be right, alone and split, in both byte orders") {
  const KernelSample kernel;
  EXPECT_EQUAL(complaint_about(kernel.btf), "");
  BtfSample sample(*kernel.btf);
  const auto inner = sample.structure(
      "", 8, {{"a", kernel.int_type, 0, 3}, {"b", kernel.int_type, 3, 29}, {"c", kernel.color, 32, 2}});
  const auto outer = sample.structure("outer", 72,
                                      {{"", inner, 0},
                                       {"task", kernel.task, 64},
                                       {"more", kernel.task_pointer, 448},
                                       {"none", sample.next() + 1, 512}});
  sample.array(kernel.task, kernel.int_type, 0);
  const auto tagged = sample.type(Kind::type_tag, "user", outer);
  const auto pointer = sample.pointer(tagged);
  sample.structure("u", 8, {{"p", pointer, 0}, {"n", kernel.count_type, 0}}, Kind::union_type);
  const auto prototype = sample.prototype(0, {{"task", kernel.task_pointer}, {"", kernel.int_type}, {"", 0}});
  const auto function = sample.function("do.isra.0", prototype);
  sample.type(Kind::declaration_tag, "bpf_kfunc", function, 0, false, {UINT32_MAX});
  sample.type(Kind::declaration_tag, "second", function, 0, false, {1});
  const auto variable = sample.type(Kind::variable, "counter", kernel.int_type, 0, false, {1});
  sample.type(Kind::data_section, ".data..percpu", 16, 1, false, {variable, 8, 4});
  sample.type(Kind::floating, "double", 8);
  sample.type(Kind::enumeration_64, "wide", 8, 1, true, {sample.string("min"), 0, 0x8000'0000});
  sample.forward("elsewhere");
  EXPECT_EQUAL(complaint_about(sample.read(kernel.btf)), "");
  const auto other = swapped_btf(sample.encode(std::endian::native));
  EXPECT_EQUAL(complaint_about(read_btf(other, kernel.btf)), "is of another byte order than its base");
  const auto other_kernel = read_btf(swapped_btf(kernel.raw));
  EXPECT_EQUAL(complaint_about(read_btf(other, other_kernel)), "");
  EXPECT(read_btf(other, other_kernel)->order() != std::endian::native);
}

TEST("BTF with bytes that belong to nothing is refused, and so are qualifiers without end") {
  const KernelSample kernel;
  BtfSample sample(*kernel.btf);
  sample.pointer(kernel.task);
  auto raw = sample.encode(std::endian::native);
  EXPECT_EQUAL(complaint_about(read_btf(raw, kernel.btf)), "");
  raw.resize(raw.size() + 4);
  EXPECT_EQUAL(complaint_about(read_btf(raw, kernel.btf)),
               "4 bytes belong neither to the types nor to the strings");
  const auto qualified = [](std::uint32_t times) {
    return complaint_about_own([times](BtfSample& chain) {
      for (std::uint32_t i = 0; i < times; ++i) chain.constant(chain.next() + 1);
      chain.structure("end", 4, {{"x", 1, 0}});
    });
  };
  EXPECT_EQUAL(qualified(32), "");
  EXPECT_EQUAL(qualified(33), "type 2 (CONST): more than 32 qualifiers follow one another");
}

TEST("a type that refers to one that is none is told with kind, name, member and number") {
  EXPECT_EQUAL(complaint_about_split([](BtfSample& sample, const KernelSample& kernel) {
                 sample.structure("drm_foo", 16, {{"first", kernel.int_type, 0}, {"bar", 140000, 64}});
               }),
               "type 14 (STRUCT drm_foo): member 1 (bar): type 140000 is none");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.pointer(77); }),
               "type 2 (PTR): type 77 is none");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.prototype(1, {{"x", 9}});
               }),
               "type 2 (FUNC_PROTO): parameter 0 (x): type 9 is none");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.array(1, 0, 2); }),
               "type 2 (ARRAY): its index: is void");
}

TEST("names are there where they must be, are not where they must not, and are identifiers") {
  const auto named = [](Kind kind, std::string_view name, std::uint32_t third, std::uint32_t length = 0) {
    return complaint_about_own([&](BtfSample& sample) { sample.type(kind, name, third, length); });
  };
  EXPECT_EQUAL(named(Kind::pointer, "p", 1), "type 2 (PTR p): has a name");
  EXPECT_EQUAL(named(Kind::type_definition, "", 1), "type 2 (TYPEDEF): has no name");
  EXPECT_EQUAL(named(Kind::forward, "1st", 0), "type 2 (FWD 1st): its name is no identifier");
  EXPECT_EQUAL(named(Kind::structure, "a b", 4), "type 2 (STRUCT a b): its name is no identifier");
  EXPECT_EQUAL(named(Kind::structure, "\x80-\n", 4), "type 2 (STRUCT ?-?): its name is no identifier");
  EXPECT_EQUAL(named(Kind::type_tag, "", 1), "type 2 (TYPE_TAG): has no text");
  EXPECT_EQUAL(named(Kind::data_section, "", 4), "type 2 (DATASEC): its name is none of a section");
  EXPECT_EQUAL(named(Kind::data_section, "?.struct_ops", 4), "");
  EXPECT_EQUAL(named(Kind::structure, std::string(512, 'x'), 4), "");
  EXPECT_EQUAL(named(Kind::structure, std::string(513, 'x'), 4),
               "type 2 (STRUCT " + std::string(64, 'x') + "...): its name is no identifier");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.enumeration("e", 4, {{"", 1}});
               }),
               "type 2 (ENUM e): constant 0: has no name");
}

TEST("lengths, flags and sizes are those that a kind has") {
  const auto made = [](Kind kind, std::uint32_t third, std::uint32_t length, bool flag,
                       const std::vector<std::uint32_t>& more = {}) {
    return complaint_about_own([&](BtfSample& sample) { sample.type(kind, "x", third, length, flag, more); });
  };
  EXPECT_EQUAL(made(Kind::type_definition, 1, 1, false), "type 2 (TYPEDEF x): has a length: 1");
  EXPECT_EQUAL(made(Kind::type_definition, 1, 0, true),
               "type 2 (TYPEDEF x): has the flag set, which means nothing for its kind");
  EXPECT_EQUAL(made(Kind::function, 1, 2, false), "type 2 (FUNC x): has the linkage 2");
  EXPECT_EQUAL(made(Kind::function, 1, 0, false), "type 2 (FUNC x): type 1 (INT int) is no prototype");
  EXPECT_EQUAL(made(Kind::floating, 3, 0, false),
               "type 2 (FLOAT x): is of 3 bytes, as no floating-point number");
  EXPECT_EQUAL(made(Kind::enumeration, 3, 0, false), "type 2 (ENUM x): is of 3 bytes, as no enumeration");
  EXPECT_EQUAL(made(Kind::forward, 1, 0, false), "type 2 (FWD x): refers to type 1");
  EXPECT_EQUAL(made(Kind::variable, 1, 0, false, {2}), "type 2 (VAR x): has the linkage 2");
  EXPECT_EQUAL(made(Kind::integer, 4, 0, false, {33}), "type 2 (INT x): its 33 bits do not fit into 4 bytes");
  EXPECT_EQUAL(made(Kind::integer, 32, 0, false, {129}), "type 2 (INT x): is of 129 bits");
  EXPECT_EQUAL(made(Kind::integer, 4, 0, false, {3U << 24 | 32}),
               "type 2 (INT x): its encoding is 3, as none");
  EXPECT_EQUAL(made(Kind::integer, 4, 0, false, {16U << 24 | 32}),
               "type 2 (INT x): its encoding is 16, as none");
  EXPECT_EQUAL(made(Kind::data_section, 0, 0, false), "type 2 (DATASEC x): is empty");
}

TEST("members lie in order and inside of their struct, those of unions at its beginning") {
  const auto with = [](std::uint32_t size, const std::vector<BtfSample::Member>& members,
                       Kind kind = Kind::structure) {
    return complaint_about_own([&](BtfSample& sample) { sample.structure("s", size, members, kind); });
  };
  EXPECT_EQUAL(with(8, {{"a", 1, 32}, {"b", 1, 0}}),
               "type 2 (STRUCT s): member 1 (b): begins at bit 0, which is before the member in front of it");
  EXPECT_EQUAL(with(4, {{"a", 1, 64}}),
               "type 2 (STRUCT s): member 0 (a): begins at bit 64, which is outside of its 4 bytes");
  EXPECT_EQUAL(with(4, {{"a", 1, 8}}), "type 2 (STRUCT s): member 0 (a): ends at byte 5, outside of 4 bytes");
  EXPECT_EQUAL(
      with(8, {{"a", 1, 32}}, Kind::union_type),
      "type 2 (UNION s): member 0 (a): begins at bit 32, which is not where a union's members begin");
  EXPECT_EQUAL(with(8, {{"a", 1, 0, 33}}),
               "type 2 (STRUCT s): member 0 (a): its 33 bits are more than type 1 (INT int) has");
  EXPECT_EQUAL(with(8, {{"a", 1, 0, 3}, {"b", 1, 3}}),
               "type 2 (STRUCT s): member 1 (b): begins at bit 3, inside of a byte");
  EXPECT_EQUAL(with(4, {{"a", 1, 31, 2}}),
               "type 2 (STRUCT s): member 0 (a): ends at byte 5, outside of 4 bytes");
  EXPECT_EQUAL(with(4, {{"", 0, 0}}), "type 2 (STRUCT s): member 0: is void");
}

TEST("a pointer is as wide as long is") {
  const auto holding_pointer = [](std::uint32_t long_size) {
    BtfSample sample;
    sample.integer("long unsigned int", long_size);
    sample.structure("s", 4, {{"p", sample.pointer(1), 0}});
    return complaint_about(sample.read());
  };
  EXPECT_EQUAL(holding_pointer(4), "");
  EXPECT_EQUAL(holding_pointer(8), "type 3 (STRUCT s): member 0 (p): ends at byte 8, outside of 4 bytes");
}

TEST("what has no size is no value; what declares something is referred to by no type") {
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.structure("s", 8, {{"f", sample.forward("gone"), 0}});
               }),
               "type 3 (STRUCT s): member 0 (f): type 2 (FWD gone) has no size");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.array(sample.prototype(0, {}), 1, 2); }),
               "type 3 (ARRAY): its elements: type 2 (FUNC_PROTO) has no size");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.pointer(sample.type(Kind::variable, "v", 1, 0, false, {0}));
               }),
               "type 3 (PTR): type 2 (VAR v) has no size");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.prototype(1, {{"a", 0}, {"b", 1}});
               }),
               "type 2 (FUNC_PROTO): parameter 0 (a): is void");
  EXPECT_EQUAL(
      complaint_about_own([](BtfSample& sample) { sample.constant(sample.type(Kind::type_tag, "user", 1)); }),
      "type 3 (CONST): type 2 (TYPE_TAG user) follows it, and tags come first");
}

TEST("arrays have less than 4 GiB and an integer for their index") {
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.array(1, 1, 0x4000'0000); }),
               "type 2 (ARRAY): 1073741824 elements of 4 bytes are more than 4 GiB");
  EXPECT_EQUAL(
      complaint_about_own([](BtfSample& sample) { sample.array(sample.array(1, 1, 1 << 20), 1, 1 << 20); }),
      "type 3 (ARRAY): 1048576 elements of 4194304 bytes are more than 4 GiB");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.array(1, sample.pointer(1), 2); }),
               "type 3 (ARRAY): its index: type 2 (PTR) is no whole integer");
}

TEST("sections hold variables in order, with room for each; tags are of what is there") {
  const auto section = [](std::uint32_t size, const std::vector<std::uint32_t>& entries) {
    return complaint_about_own([&](BtfSample& sample) {
      sample.type(Kind::variable, "v", 1, 0, false, {0});
      sample.type(Kind::data_section, ".bss", size, static_cast<std::uint32_t>(entries.size() / 3), false,
                  entries);
    });
  };
  EXPECT_EQUAL(section(8, {2, 0, 4, 2, 4, 4}), "");
  EXPECT_EQUAL(section(8, {1, 0, 4}), "type 3 (DATASEC .bss): variable 0: type 1 (INT int) is no variable");
  EXPECT_EQUAL(section(8, {2, 0, 4, 2, 2, 4}),
               "type 3 (DATASEC .bss): variable 1: begins at byte 2, inside of the one in front of it");
  EXPECT_EQUAL(section(8, {2, 6, 4}), "type 3 (DATASEC .bss): variable 0: is of 4 bytes, which do not fit");
  EXPECT_EQUAL(section(8, {2, 0, 2}),
               "type 3 (DATASEC .bss): variable 0: its 2 bytes do not hold the 4 of type 2 (VAR v)");
  const auto tag = [](std::uint32_t target, std::uint32_t component) {
    return complaint_about_own([&](BtfSample& sample) {
      sample.structure("s", 4, {{"a", 1, 0}});
      sample.type(Kind::declaration_tag, "t", target, 0, false, {component});
    });
  };
  EXPECT_EQUAL(tag(2, 0), "");
  EXPECT_EQUAL(tag(2, 1), "type 3 (DECL_TAG t): is of component 1 of type 2 (STRUCT s), which has 1");
  EXPECT_EQUAL(tag(1, UINT32_MAX), "type 3 (DECL_TAG t): type 1 (INT int) can have no tag");
  EXPECT_EQUAL(tag(2, static_cast<std::uint32_t>(-2)), "type 3 (DECL_TAG t): is of the component -2");
}

TEST("types that lead back to themselves are found, however they do, and so are long ways that do not") {
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.constant(3), sample.definition("t", 2); }),
               "type 2 (CONST): type 3 leads back to itself");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.pointer(3), sample.constant(2); }),
               "type 2 (PTR): leads back to itself, by pointers alone");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) { sample.array(2, 1, 1); }),
               "type 2 (ARRAY): its elements: type 2 leads back to itself");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.structure("a", 4, {{"b", 3, 0}});
                 sample.array(4, 1, 1);
                 sample.structure("c", 4, {{"x", 1, 0}, {"a", 2, 0}});
               }),
               "type 4 (STRUCT c): member 1: contains type 2 (STRUCT a) again");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 sample.structure("a", 8, {{"a", sample.next() + 1, 0}}), sample.pointer(2);
               }),
               "");
  constexpr std::uint32_t many = 200'000;
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 for (std::uint32_t i = 0; i < many; ++i) sample.array(sample.next() + 1, 1, 1);
                 sample.structure("end", 4, {{"x", 1, 0}});
               }),
               "");
  EXPECT_EQUAL(complaint_about_own([](BtfSample& sample) {
                 for (std::uint32_t i = 0; i < many; ++i)
                   sample.structure("s", 4, {{"x", sample.next() + 1, 0}});
                 sample.constant(2);
               }),
               "type 200001 (STRUCT s): member 0: contains type 2 (STRUCT s) again");
}

TEST("a module on another kernel's BTF than its own is found out") {
  const KernelSample kernel;
  BtfSample module(*kernel.btf);
  const auto own = module.structure("own", 56, {{"task", kernel.task, 0}, {"count", kernel.count_type, 384}});
  module.function("use", module.prototype(kernel.int_type, {{"own", module.pointer(own)}}));
  const auto raw = module.encode(std::endian::native);
  EXPECT_EQUAL(complaint_about(read_btf(raw, kernel.btf)), "");
  // Fewer types, hence fewer strings: names are beyond the end.
  BtfSample smaller;
  smaller.integer("int", 4, 1);
  EXPECT(std::holds_alternative<Failure>(btf::Btf::parse(raw, smaller.read())));
  // More of both: its own types' numbers are now those of the kernel's.
  BtfSample larger;
  for (int i = 0; i < 40; ++i) larger.integer("number_" + std::to_string(i), 4, 1);
  EXPECT(complaint_about(read_btf(raw, larger.read())).starts_with("type 41 (STRUCT "));
}

}  // namespace ikfs::test
