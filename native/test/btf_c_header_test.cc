/** C made of BTF: the order, form and layout of declarations, and what is done about BTF that C can not say.
 */
#include <string>

#include "btf/c_header.h"
#include "test/btf_sample.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using btf::CHeaderOptions;
using btf::Kind;

/** What is written, or the failure as `code: message`. */
std::string written(const btf::Btf& btf, const CHeaderOptions& options) {
  MemoryOutput output;
  if (const auto failure = write_c_header(btf, options, output))
    return failure_code_name(failure->code) + (": " + failure->message);
  const auto bytes = output.take();
  return {bytes.begin(), bytes.end()};
}

constexpr std::string_view before =
    "#pragma once\n\n#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
    "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n\n";
constexpr std::string_view after =
    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n";

/** The declarations alone, without the lines before and behind them, or the failure. */
std::string declarations(const btf::Btf& btf, btf::TypeId first_own = 1) {
  const auto text = written(btf, {.first_own = first_own, .guard = {}});
  if (!text.starts_with(before) || !text.ends_with(after)) return text;
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

/** Declarations of BTF that begins with an int, number 1, and a char, number 2. */
template <typename Fill>
std::string declared(Fill fill) {
  BtfSample sample;
  sample.integer("int", 4, 1);
  sample.integer("char", 1, 1);
  fill(sample);
  return declarations(*sample.read());
}

constexpr btf::TypeId int_type = 1;
constexpr btf::TypeId char_type = 2;
constexpr btf::TypeId third = 3;

}  // namespace

TEST("a header is guarded as vmlinux.h of bpftool is, and a module's includes that") {
  BtfSample sample;
  sample.definition("nothing", 0);
  const auto base = sample.read();
  EXPECT_EQUAL(written(*base, {}), "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n" +
                                       std::string(before.substr(14)) + "typedef void nothing;\n\n" +
                                       std::string(after) + "\n#endif /* __VMLINUX_H__ */\n");
  BtfSample split(*base);
  split.definition("nothing_more", 1);
  MemoryOutput output;
  EXPECT(!write_c_header(*split.read(base), true, output));
  const auto bytes = output.take();
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_EQUAL(text, "#pragma once\n\n#include \"vmlinux.h\"\n\n" + std::string(before.substr(14)) +
                         "typedef nothing nothing_more;\n\n" + std::string(after));
}

TEST("what is embedded is defined before, what is pointed to is only declared") {
  const auto text = declared([](BtfSample& sample) {
    sample.structure("outer", 16, {{"pointed", third + 1, 0}, {"inner", third + 3, 64}});
    sample.pointer(third + 2);
    sample.structure("pointed", 8, {{"back", third + 4, 0}});
    sample.structure("inner", 4, {{"number", int_type, 0}});
    sample.pointer(third);
    sample.integer("long int", 8, 1);
  });
  EXPECT_EQUAL(text,
               "struct inner {\n\tint number;\n};\n\nstruct pointed;\n\n"
               "struct outer {\n\tstruct pointed *pointed;\n\tstruct inner inner;\n};\n\n"
               "struct pointed {\n\tstruct outer *back;\n};\n\n");
}

TEST("declarations lie around their names: functions, arrays, qualifiers") {
  const auto text = declared([](BtfSample& sample) {
    sample.constant(char_type);                            // 3
    sample.pointer(third);                                 // 4
    sample.prototype(int_type, {{"format", 4}, {"", 0}});  // 5
    sample.pointer(5);                                     // 6
    sample.array(6, int_type, 3);                          // 7
    sample.array(int_type, int_type, 3);                   // 8
    sample.array(8, int_type, 2);                          // 9
    sample.pointer(9);                                     // 10
    sample.prototype(10, {});                              // 11
    sample.type(Kind::type_tag, "user", int_type);         // 12
    sample.pointer(12);                                    // 13
    sample.type(Kind::volatile_type, "", 4);               // 14
    sample.structure(
        "all", 0,
        {{"printers", 7, 0}, {"grid", 9, 192}, {"grid_of", 11, 384}, {"user", 13, 384}, {"text", 14, 448}});
  });
  EXPECT_EQUAL(text.substr(0, text.find("grid_of")),
               "struct all {\n\tint (*printers[3])(const char *format, ...);\n\tint grid[2][3];\n\tint (*");
  EXPECT(text.find("int (*grid_of(void))[2][3];") != std::string::npos);
  EXPECT(text.find("int __attribute__((btf_type_tag(\"user\"))) *user;") != std::string::npos);
  EXPECT(text.find("const char * volatile text;") != std::string::npos);
}

TEST("enumerations have the size that they have in BTF") {
  const auto text = declared([](BtfSample& sample) {
    sample.enumeration("usual", 4, {{"A", 0}});
    sample.enumeration("small", 1, {{"B", 1}});
    sample.enumeration("middle", 2, {{"C", 2}});
    sample.enumeration("large", 8, {{"D", 3}});
    const auto wide = sample.string("wide");
    sample.add(std::vector<std::uint32_t>{wide, 0x13U << 24 | 1, 8, sample.string("E"), 0, 1});
  });
  EXPECT_EQUAL(text,
               "enum usual {\n\tA = 0,\n};\n\nenum small {\n\tB = 1,\n} __attribute__((mode(byte)));\n\n"
               "enum middle {\n\tC = 2,\n} __attribute__((mode(HI)));\n\n"
               "enum large {\n\tD = 3,\n} __attribute__((mode(DI)));\n\n"
               "enum wide {\n\tE = 4294967296ULL,\n};\n\n");
}

TEST("a struct is padded and packed as its members lie") {
  const auto text = declared([](BtfSample& sample) {
    sample.structure("natural", 8, {{"a", char_type, 0}, {"b", int_type, 32}});
    sample.structure("packed", 5, {{"a", char_type, 0}, {"b", int_type, 8}});
    sample.structure("apart", 16, {{"a", char_type, 0}, {"b", int_type, 64}});
    sample.structure("bits", 4, {{"a", int_type, 0, 3}, {"b", int_type, 8, 4}});
    sample.structure("across", 8, {{"a", char_type, 0}, {"b", int_type, 8, 31}, {"c", int_type, 39, 20}});
    sample.structure("one", 5, {{"a", char_type, 0}, {"b", int_type, 8}}, Kind::union_type);
  });
  EXPECT_EQUAL(text.substr(0, text.find("struct bits")),
               "struct natural {\n\tchar a;\n\tint b;\n};\n\n"
               "struct packed {\n\tchar a;\n\tint b;\n} __attribute__((packed));\n\n"
               "struct apart {\n\tchar a;\n\tlong: 0;\n\tint b;\n\tlong: 0;\n};\n\n");
  EXPECT(text.find("struct bits {\n\tint a: 3;\n\tchar: 5;\n\tint b: 4;\n") != std::string::npos);
  // Bit fields lie across the units of their types only where a struct is packed.
  EXPECT(
      text.find(
          "struct across {\n\tchar a;\n\tint b: 31;\n\tint c: 20;\n\tchar: 5;\n} __attribute__((packed));") !=
      std::string::npos);
}

TEST("a union has the size of BTF, even where its members do not ask for it") {
  const auto text = declared([](BtfSample& sample) {
    sample.structure("tight", 5, {{"a", third + 2, 0}, {"b", int_type, 0}}, Kind::union_type);
    sample.structure("roomy", 32, {{"a", int_type, 0}}, Kind::union_type);
    sample.array(char_type, int_type, 5);
  });
  EXPECT_EQUAL(text,
               "union tight {\n\tchar a[5];\n\tint b;\n} __attribute__((packed));\n\n"
               "union roomy {\n\tint a;\n\tunsigned char __padding_4[32];\n};\n\n");
}

TEST("a name that is there twice gets a number, in the order of definitions") {
  const auto text = declared([](BtfSample& sample) {
    sample.structure("same", 4, {{"a", int_type, 0}});
    sample.structure("same", 1, {{"b", char_type, 0}});
    sample.forward("same");
    sample.definition("same", third + 1);
    sample.enumeration("same", 4, {{"same", 0}});
  });
  EXPECT_EQUAL(text,
               "struct same {\n\tint a;\n};\n\nstruct same___2 {\n\tchar b;\n};\n\nstruct same;\n\n"
               "typedef struct same___2 same;\n\nenum same___3 {\n\tsame___2 = 0,\n};\n\n");
}

TEST("a number is not given to a name when it makes one that is there") {
  const auto text = declared([](BtfSample& sample) {
    for (const auto* name : {"a", "a", "a___2"}) sample.definition(name, int_type);
  });
  EXPECT_EQUAL(text, "typedef int a;\n\ntypedef int a___3;\n\ntypedef int a___2;\n\n");
}

TEST("what is declared as a union and defined as a struct is two types in C") {
  const auto text = declared([](BtfSample& sample) {
    sample.forward("thing", true);
    sample.structure("thing", 4, {{"a", int_type, 0}});
  });
  EXPECT_EQUAL(text, "union thing;\n\nstruct thing___2 {\n\tint a;\n};\n\n");
}

TEST("names that are none in C are made some") {
  const auto text = declared([](BtfSample& sample) {
    sample.structure("Vec<u8>", 8, {{"0", int_type, 0}, {"while", int_type, 32}});
    sample.definition("int", char_type);
    sample.enumeration("e", 4, {{"*/ x\n", 0}, {"", 1}});
    sample.integer("u8", 1);
    sample.definition("u8", third + 3);
  });
  EXPECT_EQUAL(text,
               "struct Vec_u8_ {\n\tint _0;\n\tint while___2;\n};\n\ntypedef char int___2;\n\n"
               "enum e {\n\t___x_ = 0,\n\t_ = 1,\n};\n\n"
               "typedef unsigned char u8;\n\ntypedef u8 u8___2;\n\n");
}

TEST("a va_list is the compiler's own, and of its size on the kernel's machine where it is embedded") {
  BtfSample sample;
  sample.integer("long int", 8, 1);                      // 1
  sample.structure("__va_list_tag", 24, {{"a", 4, 0}});  // 2
  sample.array(2, 1, 1);                                 // 3
  sample.array(1, 1, 3);                                 // 4
  sample.definition("__builtin_va_list", 3);             // 5
  sample.definition("va_list", 5);                       // 6
  sample.structure("has", 24, {{"list", 6, 0}});         // 7
  EXPECT_EQUAL(declarations(*sample.read()),
               "struct __va_list_tag {\n\tlong int a[3];\n};\n\ntypedef __builtin_va_list va_list;\n\n"
               "struct has {\n\tstruct __va_list_tag list[1];\n};\n\n");
}

TEST("of split BTF, its own types can be had alone, with the names that its base leaves") {
  BtfSample sample;
  sample.integer("int", 4, 1);
  sample.structure("same", 4, {{"a", int_type, 0}});
  const auto base = sample.read();
  BtfSample split(*base);
  split.structure("same", 8, {{"inner", int_type + 1, 0}, {"b", int_type, 32}});
  const auto own = split.read(base);
  const std::string first = "struct same {\n\tint a;\n};\n\n";
  const std::string second = "struct same___2 {\n\tstruct same inner;\n\tint b;\n};\n\n";
  EXPECT_EQUAL(declarations(*own), first + second);
  EXPECT_EQUAL(declarations(*own, own->first()), second);
}

TEST("a type that contains itself, or refers to none, is named") {
  EXPECT_EQUAL(declared([](BtfSample& sample) {
                 sample.structure("self", 4, {{"self", third, 0}});
               }),
               "corrupt: type 3 (STRUCT self): is part of itself");
  EXPECT_EQUAL(declared([](BtfSample& sample) { sample.pointer(99); }),
               "corrupt: type 3 (PTR): refers to type 99 of 4");
  EXPECT_EQUAL(declared([](BtfSample& sample) {
                 sample.function("main", third + 1);
                 sample.prototype(int_type, {});
                 sample.definition("of_function", third);
               }),
               "corrupt: type 3 (FUNC main): is used as the type of something");
  for (const auto kind : {Kind::pointer, Kind::constant, Kind::type_definition}) {
    EXPECT(declared([&](BtfSample& sample) {
             sample.type(kind, "loop", third);
           }).starts_with("corrupt: type 3 ("));
  }
}

TEST("types that lie in each other without end are refused, not followed") {
  const auto deep = declared([](BtfSample& sample) {
    for (btf::TypeId id = third; id < 100'000; ++id) sample.pointer(id + 1);
    sample.pointer(int_type);
  });
  EXPECT(deep.starts_with("corrupt: ") && deep.find("levels deep") != std::string::npos);
  // Each contains the one before twice: what is written doubles with every type.
  BtfSample sample;
  sample.structure("", 0, {});
  for (btf::TypeId id = 1; id < 40; ++id) sample.structure("", 0, {{"a", id, 0}, {"b", id, 0}});
  sample.structure("all", 0, {{"a", 40, 0}});
  EXPECT(written(*sample.read(), {.limit = 1 << 20}).starts_with("limit: "));
}

}  // namespace ikfs::test
