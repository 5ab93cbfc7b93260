/** Modules built apart, for the kernel that they are loaded into. */
#include <functional>
#include <string>

#include "btf/relocate.h"
#include "btf/validate.h"
#include "test/btf_sample.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

using btf::Kind;

/** Relocates; ends the test when that fails. */
Raw relocated(const Distilled& module, const btf::Btf& kernel) {
  auto made = btf::relocate(*module.split, kernel);
  if (const auto* failure = std::get_if<Failure>(&made)) unexpected(__FILE__, __LINE__, failure->message);
  return std::get<Raw>(std::move(made));
}

struct Outcome {
  FailureCode code;
  std::string message;
};

/**
 * How a module fails that holds, or points to, a type of the name `s` of its distilled base.
 * @param embedded whether it holds it
 */
Outcome failure_of(const std::function<void(BtfSample&)>& fill_base,
                   const std::function<void(BtfSample&)>& fill_kernel, bool embedded) {
  BtfSample base;
  fill_base(base);
  const auto base_btf = base.read();
  BtfSample split(*base_btf);
  split.structure("holder", 64, {{"m", embedded ? 1 : split.next() + 1, 0}});
  if (!embedded) split.pointer(1);
  BtfSample kernel;
  kernel.integer("int", 4, 1);
  fill_kernel(kernel);
  const auto made = btf::relocate(*split.read(base_btf), *kernel.read());
  const auto* failure = std::get_if<Failure>(&made);
  if (failure == nullptr) return {FailureCode::io, "none"};
  return {failure->code, failure->message};
}

std::function<void(BtfSample&)> structs(const std::vector<std::uint32_t>& sizes) {
  return [sizes](BtfSample& sample) {
    for (const auto size : sizes) sample.structure("s", size, {});
  };
}

}  // namespace

TEST("a module built apart gets the numbers and strings that it has when built with its kernel") {
  const KernelSample kernel;
  BtfSample module(*kernel.btf);
  module.structure(
      "own", 64, {{"task", kernel.task, 0}, {"color", kernel.color, 384}, {"list", module.next() + 1, 448}});
  module.pointer(kernel.list);
  module.enumeration("list", 4, {{"file", 1}, {"first", 2}});
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto vmlinux = read_btf(order == std::endian::native ? kernel.raw : swapped_btf(kernel.raw));
    const auto original = module.read(vmlinux, order);
    const auto apart = distilled(*original);
    EXPECT(apart.base->count() < 5);
    const auto made = relocated(apart, *vmlinux);
    const auto again = read_btf(made, vmlinux);
    EXPECT(again->order() == order);
    EXPECT(!btf::validate(*again));
    EXPECT_EQUAL(again->count(), original->count());
    for (auto id = original->first(); id < original->count(); ++id)
      EXPECT_EQUAL(shape_of(*again, id), shape_of(*original, id));
  }
}

TEST("a struct is found by its name, by its size as well where it is held or where there are several") {
  EXPECT_EQUAL(failure_of(structs({8}), structs({16}), false).message, "none");
  EXPECT_EQUAL(failure_of(structs({8}), structs({16}), true).message,
               "type 1 (STRUCT s): vmlinux has no such type");
  EXPECT(failure_of(structs({8}), structs({16}), true).code == FailureCode::mismatch);
  EXPECT_EQUAL(failure_of(structs({8}), structs({8}), true).message, "none");
  EXPECT_EQUAL(failure_of(structs({8}), structs({16, 8, 4}), false).message, "none");
  EXPECT_EQUAL(failure_of(structs({8}), structs({16, 4}), false).message,
               "type 1 (STRUCT s): vmlinux has no such type");
  const auto ambiguous = failure_of(structs({8}), structs({8, 8}), true);
  EXPECT_EQUAL(
      ambiguous.message,
      "type 1 (STRUCT s): vmlinux has several that it may be: type 2 (STRUCT s) and type 3 (STRUCT s)");
  EXPECT(ambiguous.code == FailureCode::mismatch);
}

TEST("numbers are found by size and encoding, enumerations by size, whether of 32 or 64 bits") {
  const auto integer = [](std::uint32_t size, std::uint32_t encoding) {
    return [=](BtfSample& sample) { sample.integer("s", size, encoding); };
  };
  EXPECT_EQUAL(failure_of(integer(4, 1), integer(4, 1), true).message, "none");
  EXPECT_EQUAL(failure_of(integer(4, 1), integer(4, 0), true).message,
               "type 1 (INT s): vmlinux has no such type");
  EXPECT_EQUAL(failure_of(integer(4, 1), integer(8, 1), true).message,
               "type 1 (INT s): vmlinux has no such type");
  const auto enumeration = [](Kind kind, std::uint32_t size) {
    return [=](BtfSample& sample) { sample.type(kind, "s", size); };
  };
  EXPECT_EQUAL(
      failure_of(enumeration(Kind::enumeration, 8), enumeration(Kind::enumeration_64, 8), true).message,
      "none");
  EXPECT_EQUAL(failure_of(enumeration(Kind::enumeration, 4), enumeration(Kind::enumeration, 1), true).message,
               "type 1 (ENUM s): vmlinux has no such type");
  EXPECT_EQUAL(failure_of(enumeration(Kind::floating, 8), enumeration(Kind::floating, 8), true).message,
               "none");
  EXPECT_EQUAL(failure_of(enumeration(Kind::floating, 8), enumeration(Kind::enumeration, 8), true).message,
               "type 1 (FLOAT s): vmlinux has no such type");
}

TEST("a forward declaration is found by its flag, which the kernel compares with that of structs, too") {
  const auto forward = [](bool of_union) {
    return [=](BtfSample& sample) { sample.forward("s", of_union); };
  };
  EXPECT_EQUAL(failure_of(forward(true), forward(true), false).message, "none");
  EXPECT_EQUAL(failure_of(forward(true), forward(false), false).message,
               "type 1 (FWD s): vmlinux has no such type");
  EXPECT_EQUAL(failure_of(forward(false), structs({8}), false).message, "none");
  EXPECT_EQUAL(failure_of(
                   forward(false),
                   [](BtfSample& sample) {
                     sample.structure("s", 4, {{"a", 1, 0, 2}});
                   },
                   false)
                   .message,
               "type 1 (FWD s): vmlinux has no such type");
  EXPECT_EQUAL(failure_of(forward(false), structs({8, 16}), false).message,
               "type 1 (FWD s): vmlinux has no such type");
}

TEST("a distilled base that none is, and a module that refers to nothing, are corrupt and no mismatch") {
  const auto pointer = failure_of([](BtfSample& sample) { sample.pointer(0); }, structs({}), false);
  EXPECT_EQUAL(pointer.message, "type 1 (PTR): is of a kind that no distilled base has");
  EXPECT(pointer.code == FailureCode::corrupt);
  const auto nameless =
      failure_of([](BtfSample& sample) { sample.structure("", 8, {}); }, structs({}), false);
  EXPECT(nameless.code == FailureCode::corrupt);
  BtfSample base;
  base.integer("int", 4, 1);
  const auto base_btf = base.read();
  BtfSample split(*base_btf);
  split.pointer(99);
  const auto made = btf::relocate(*split.read(base_btf), *KernelSample().btf);
  EXPECT(std::get<Failure>(made).code == FailureCode::corrupt);
  EXPECT(std::get<Failure>(btf::relocate(*base_btf, *base_btf)).code == FailureCode::usage);
}

}  // namespace ikfs::test
