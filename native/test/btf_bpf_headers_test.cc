/** Headers for BPF programs made of BTF: which types are where, and what is done about those that C can not
 * say. */
#include <string>

#include "btf/bpf_headers.h"
#include "test/btf_sample.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using btf::Kind;
using btf::MadeHeaders;

constexpr std::uint64_t limit = 1 << 20;

/** Headers that were made, with their text. */
struct Made {
  MadeHeaders headers;
  std::string text;

  /** The text of a file; `none` when it is not there. */
  std::string file(std::string_view path) const {
    std::uint64_t at = 0;
    for (const auto& [name, size] : headers.files) {
      if (name == path) return text.substr(at, size);
      at += size;
    }
    return "none";
  }
};

/** What is made, or the failure as `code: message`, as text. */
Made made(const btf::Btf& btf, std::string_view plan, std::uint64_t most = limit) {
  MemoryOutput output;
  auto result = write_bpf_headers(btf, plan, most, output);
  if (const auto* failure = std::get_if<Failure>(&result))
    return {{}, failure_code_name(failure->code) + (": " + failure->message)};
  const auto bytes = output.take();
  return {std::get<MadeHeaders>(std::move(result)), {bytes.begin(), bytes.end()}};
}

/** Headers of BTF that begins with an int, number 1, and a char, number 2. */
template <typename Fill>
Made made_of(Fill fill, std::string_view plan) {
  BtfSample sample;
  sample.integer("int", 4, 1);
  sample.integer("char", 1, 1);
  fill(sample);
  return made(*sample.read(), plan);
}

constexpr btf::TypeId int_type = 1;
constexpr btf::TypeId char_type = 2;
constexpr btf::TypeId third = 3;

/** A header that declares `struct s`, and its text without the line that guards it. */
template <typename Fill>
std::string struct_s(Fill fill) {
  const auto result = made_of(fill, "H include/linux/s.h\nS s\n");
  constexpr std::string_view guard = "#pragma once\n";
  const auto text = result.file("include/linux/s.h");
  return text.starts_with(guard) ? text.substr(guard.size()) : result.text;
}

}  // namespace

TEST("a header brings the types that it declares and what they embed, and declares what they point to") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("outer", 24,
                         {{"private", third + 1, 0}, {"inner", third + 3, 64}, {"next", third + 4, 128}});
        sample.pointer(third + 2);
        sample.structure("hidden", 4, {{"secret", int_type, 0}});
        sample.structure("inner", 4, {{"number", int_type, 0}});
        sample.pointer(third);
        sample.structure("unrelated", 4, {{"a", int_type, 0}});
      },
      "H include/linux/outer.h\nS outer\n");
  EXPECT_EQUAL(
      result.file("include/linux/outer.h"),
      "#pragma once\nstruct hidden;\nstruct outer;\nstruct inner {\n\tint number;\n};\n"
      "struct outer {\n\tstruct hidden *private;\n\tstruct inner inner;\n\tstruct outer *next;\n};\n");
  EXPECT_EQUAL(result.headers.bodies, 2);
  EXPECT_EQUAL(result.headers.opaque, 0);
}

TEST("a type is at home in the first header that declares it, and others include that") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("a", 4, {{"number", int_type, 0}});
        sample.structure("b", 4, {{"a", third, 0}});
      },
      "H include/linux/a.h\nS a\nH include/linux/b.h\nS b a\nH include/linux/c.h\n");
  EXPECT_EQUAL(result.file("include/linux/a.h"), "#pragma once\n#include <btf/linux/a.h>\n");
  EXPECT_EQUAL(result.file("include/btf/linux/a.h"), "#pragma once\nstruct a {\n\tint number;\n};\n");
  EXPECT_EQUAL(result.file("include/linux/b.h"),
               "#pragma once\n#include <btf/linux/a.h>\nstruct b {\n\tstruct a a;\n};\n");
  EXPECT_EQUAL(result.file("include/linux/c.h"), "#pragma once\n");
}

TEST("headers whose types need each other have them in one file") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("a", 8, {{"b", third + 1, 0}, {"number", int_type, 32}});
        sample.structure("b", 4, {{"number", int_type, 0}});
        sample.structure("c", 8, {{"a", third, 0}});
      },
      "H include/linux/x.h\nS a\nS c\nH include/linux/y.h\nS b\nS c\nS a\n");
  EXPECT_EQUAL(result.file("include/btf/linux/x.h"),
               "#pragma once\nstruct b {\n\tint number;\n};\nstruct a {\n\tstruct b b;\n\tint number;\n};\n"
               "struct c {\n\tstruct a a;\n};\n");
  EXPECT_EQUAL(result.file("include/linux/x.h"), "#pragma once\n#include <btf/linux/x.h>\n");
  EXPECT_EQUAL(result.file("include/linux/y.h"), "#pragma once\n#include <btf/linux/x.h>\n");
}

TEST("bit fields, packed structs and gaps are written as they lie") {
  EXPECT_EQUAL(
      struct_s([](BtfSample& sample) {
        sample.structure("s", 8, {{"a", int_type, 0, 3}, {"b", int_type, 8, 4}, {"c", char_type, 56}});
      }),
      "struct s {\n\tint a: 3;\n\tchar: 5;\n\tint b: 4;\n\tint: 24;\n\tchar c;\n};\n");
  EXPECT_EQUAL(struct_s([](BtfSample& sample) {
                 sample.structure("s", 5, {{"a", char_type, 0}, {"b", int_type, 8}});
               }),
               "struct s {\n\tchar a;\n\tint b;\n} __attribute__((packed));\n");
  EXPECT_EQUAL(
      struct_s([](BtfSample& sample) {
        sample.structure("s", 64, {{"a", int_type, 0}});
      }),
      "struct s {\n\tint a;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: "
      "64;\n\tlong: 64;\n};\n");
}

TEST("arrays without elements, empty structs and structs without a name keep their places") {
  EXPECT_EQUAL(struct_s([](BtfSample& sample) {
                 sample.structure("s", 4, {{"a", int_type, 0}, {"flexible", third + 1, 32}});
                 sample.array(int_type, int_type, 0);
               }),
               "struct s {\n\tint a;\n\tint flexible[0];\n};\n");
  EXPECT_EQUAL(struct_s([](BtfSample& sample) {
                 sample.structure("s", 8, {{"a", int_type, 0}, {"", third + 1, 32}});
                 sample.structure("", 4, {{"b", int_type, 0}, {"", third + 2, 0}}, Kind::union_type);
                 sample.structure("", 2, {{"c", char_type, 0}, {"d", char_type, 8}});
               }),
               "struct s {\n\tint a;\n\tunion {\n\t\tint b;\n\t\tstruct {\n\t\t\tchar c;\n\t\t\tchar "
               "d;\n\t\t};\n\t};\n};\n");
  EXPECT_EQUAL(struct_s([](BtfSample& sample) { sample.structure("s", 0, {}); }), "struct s {};\n");
}

TEST("what C can not lay out has bytes instead of members, and what embeds it stays as it is") {
  // Members that lie in each other.
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("s", 8, {{"a", int_type, 0}, {"b", int_type, 16}});
        sample.structure("outer", 12, {{"s", third, 0}, {"behind", int_type, 64}});
      },
      "H include/linux/s.h\nS s\nS outer\n");
  EXPECT_EQUAL(result.headers.opaque, 1);
  EXPECT_EQUAL(result.file("include/linux/s.h"),
               "#pragma once\nstruct s {\n\tunsigned char not_known[8];\n} __attribute__((aligned(1)));\n"
               "struct outer {\n\tstruct s s;\n\tint behind;\n};\n");
  // A member of a union that does not begin with it, a member that is not all there, numbers that C has
  // otherwise.
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 4, {{"u", third + 1, 0}});
           sample.structure("", 4, {{"a", char_type, 8}}, Kind::union_type);
         }).starts_with("struct s {\n\tunsigned char not_known[4];"));
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 2, {{"a", int_type, 0}});
         }).starts_with("struct s {\n\tunsigned char not_known[2];"));
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 8, {{"a", third + 1, 0}});
           sample.integer("int", 8);
         }).starts_with("struct s {\n\tunsigned char not_known[8];"));
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 16, {{"a", third + 1, 0}});
           sample.type(Kind::floating, "long double", 16);
         }).starts_with("struct s {\n\tunsigned char not_known[16];"));
  for (const auto kind : {Kind::forward, Kind::prototype}) {
    const auto text = struct_s([&](BtfSample& sample) {
      sample.structure("s", 0, {{"a", third + 1, 0}});
      sample.type(kind, kind == Kind::forward ? "declared" : "", 0);
    });
    EXPECT(text.find("struct s {\n\tunsigned char not_known[0];") != std::string::npos);
  }
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 0, {{"a", 0, 0}});
         }).starts_with("struct s {\n\tunsigned char not_known[0];"));
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 8, {{"a", third + 1, 0, 3}});
           sample.pointer(int_type);
         }).starts_with("struct s {\n\tunsigned char not_known[8];"));
  EXPECT(struct_s([](BtfSample& sample) {
           sample.structure("s", 3, {{"a", third + 1, 0}});
           sample.enumeration("e", 3, {{"E", 1}});
         }).starts_with("struct s {\n\tunsigned char not_known[3];"));
}

TEST("enumerations are as wide as in BTF; one whose constants do not fit is a number") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.enumeration("byte", 1, {{"A", 1}});
        const auto wide = sample.string("wide");
        sample.add(std::vector<std::uint32_t>{wide, 0x13U << 24 | 1, 8, sample.string("B"), 0, 1});
        sample.enumeration("narrow", 1, {{"C", 300}});
        sample.structure("has", 16, {{"a", third, 0}, {"c", third + 2, 8}, {"b", third + 1, 64}});
      },
      "H include/linux/e.h\nS byte\nS wide\nS narrow\nS has\n");
  EXPECT_EQUAL(result.file("include/linux/e.h"),
               "#pragma once\nenum byte {\n\tA = 1,\n} __attribute__((mode(byte)));\n"
               "enum wide {\n\tB = 4294967296ULL,\n};\n"
               "struct has {\n\tenum byte a;\n\tunsigned char c;\n\tenum wide b;\n};\n");
  EXPECT_EQUAL(result.headers.opaque, 0);
}

TEST("numbers of other languages are those of C") {
  EXPECT_EQUAL(struct_s([](BtfSample& sample) {
                 sample.structure("s", 8, {{"a", third + 1, 0}, {"b", third + 2, 32}});
                 sample.integer("i32", 4, 1);
                 sample.integer("char32", 4);
               }),
               "struct s {\n\tint a;\n\tunsigned int b;\n};\n");
}

TEST(
    "types that programs bring have other names where they are mentioned, and their enumerations are "
    "numbers") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("map", 4, {{"a", int_type, 0}});
        sample.enumeration("order", 4, {{"FIRST", 0}});
        sample.structure("user", 8, {{"map", third, 0}, {"order", third + 1, 32}});
      },
      "H include/uapi/map.h\nR MAP_H\nS map\nS order\nH include/linux/user.h\nS user\n");
  EXPECT_EQUAL(result.file("include/uapi/map.h"),
               "#pragma once\n#ifndef MAP_H\n#define MAP_H\nstruct map {\n\tint a;\n};\n"
               "enum order {\n\tFIRST = 0,\n};\n#endif\n");
  EXPECT_EQUAL(result.file("include/btf/uapi/map.h"), "#pragma once\nstruct ikfs_map {\n\tint a;\n};\n");
  EXPECT_EQUAL(
      result.file("include/linux/user.h"),
      "#pragma once\n#include <btf/uapi/map.h>\nstruct user {\n\tstruct ikfs_map map;\n\tunsigned int "
      "order;\n};\n");
}

TEST("types of one name that headers need are told apart, those that are only pointed to by their keywords") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("same", 4, {{"a", int_type, 0}});                         // 3
        sample.structure("same", 1, {{"b", char_type, 0}});                        // 4
        sample.forward("same", true);                                              // 5
        sample.forward("same");                                                    // 6
        sample.pointer(5);                                                         // 7
        sample.pointer(6);                                                         // 8
        sample.structure("user", 24, {{"b", 4, 0}, {"u", 7, 64}, {"s", 8, 128}});  // 9
        sample.structure("other", 4, {{"a", third, 0}});                           // 10
      },
      "H include/linux/s.h\nS same\nS user\nS other\n");
  EXPECT_EQUAL(result.file("include/linux/s.h"),
               "#pragma once\nunion same___3;\nstruct same;\nstruct same {\n\tint a;\n};\n"
               "struct same___2 {\n\tchar b;\n};\n"
               "struct user {\n\tstruct same___2 b;\n\tunion same___3 *u;\n\tstruct same *s;\n};\n"
               "struct other {\n\tstruct same a;\n};\n");
}

TEST("lines stand in a header when the types are as they ask, with numbers of elements from BTF") {
  const auto result = made_of(
      [](BtfSample& sample) {
        sample.structure("s", 16, {{"name", third + 1, 0}});
        sample.array(char_type, int_type, 16);
        sample.enumeration("e", 4, {{"E", 1}});
        sample.prototype(0, {});
        sample.function("f", third + 3);
      },
      "H include/linux/s.h\n+ always\n? tag:s !tag:t member:s.name array:s.name enumerator:E function:f\n"
      "+ #define LENGTH @count s.name@\n.\n? member:s.other\n+ never\n.\n? unheard:of\n+ never\n.\n+ last\n"
      "F README\n+ text\n");
  EXPECT_EQUAL(result.file("include/linux/s.h"), "#pragma once\nalways\n#define LENGTH 16\nlast\n");
  EXPECT_EQUAL(result.file("README"), "text\n");
}

TEST("headers that include each other are included together") {
  const auto result = made_of([](BtfSample&) {},
                              "H include/a.h\nI b.h\n+ a\nH include/b.h\nI a.h none.h c.h\n+ b\n"
                              "H include/c.h\n+ c\nH include/d.h\nI e.h\n+ d\nH include/e.h\nI c.h\n");
  EXPECT_EQUAL(result.file("include/a.h"), "#pragma once\n#include <c.h>\n#include <b.h>\na\n");
  EXPECT_EQUAL(result.file("include/b.h"), "#pragma once\n#include <a.h>\nb\n");
  // In place of a header without anything, what that includes.
  EXPECT_EQUAL(result.file("include/d.h"), "#pragma once\n#include <c.h>\nd\n");
}

TEST("names of a header count where a series that is asked for has them") {
  const auto fill = [](BtfSample& sample) {
    for (const auto* name : {"a", "b", "c", "d"}) sample.structure(name, 0, {});
    sample.definition("t", int_type);
    sample.enumeration("", 4, {{"E", 1}});
  };
  const auto text_by = [&](const std::string& bits) {
    return made_of(fill, "H include/x.h\n+ x\nH include/s.h\nJ " + bits + " 3\tx.h =2 none.h\nN " + bits +
                             " 3\ta b =1 c =2 d\t=2 t\tE\n")
        .file("include/s.h");
  };
  EXPECT_EQUAL(
      text_by("1"),
      "#pragma once\nstruct a {};\nstruct b {};\nstruct c {};\nenum {\n\tE = 1,\n};\n#include <x.h>\n");
  EXPECT_EQUAL(text_by("2"),
               "#pragma once\nstruct a {};\nstruct b {};\nstruct d {};\ntypedef int t;\nenum {\n\tE = "
               "1,\n};\n#include <x.h>\n");
  EXPECT_EQUAL(text_by("4"), "#pragma once\n");
  EXPECT_EQUAL(text_by(""), "#pragma once\n");
}

TEST("a plan with other lines, or BTF that refers to nothing, is refused") {
  EXPECT_EQUAL(made_of([](BtfSample&) {}, "H a.h\nX b\n").text, "usage: plan of headers: unknown line X b");
  EXPECT_EQUAL(made_of([](BtfSample&) {}, "S a\n").text, "usage: plan of headers: unknown line S a");
  EXPECT_EQUAL(made_of([](BtfSample& sample) { sample.pointer(99); }, "H a.h\n").text,
               "corrupt: type 3 (PTR): refers to type 99 of 4");
  EXPECT_EQUAL(struct_s([](BtfSample& sample) {
                 sample.structure("s", 4, {{"s", third, 0}});
               }),
               "corrupt: type 3 (STRUCT s): is part of itself");
}

TEST("types that unfold without end end at a limit") {
  BtfSample sample;
  sample.structure("", 0, {});
  for (btf::TypeId id = 1; id < 40; ++id) sample.structure("", 0, {{"a", id, 0}, {"b", id, 0}});
  sample.structure("all", 0, {{"a", 40, 0}});
  EXPECT(made(*sample.read(), "H a.h\nS all\n").text.starts_with("limit: "));
}

}  // namespace ikfs::test
