/**
 * Makes headers for BPF programs of BTF whose types are told by the input (told_btf.h): whatever they are, it
 * ends with files that are all of what was written, within the limit, or with a typed failure. The first two
 * bytes choose what headers declare.
 */
#include "btf/bpf_headers.h"

#include <string>

#include "fuzz/check.h"
#include "fuzz/told_btf.h"

namespace ikfs::btf {

namespace {

constexpr std::uint64_t limit = 1 << 20;

/** Three headers, which declare names that told types have by the bits of a number. */
std::string plan_by(std::uint32_t bits) {
  static constexpr const char* lines[] = {
      "S a b\n",           "S b\n", "S c\n", "S int\n", "D a\n", "D va\n", "D c\n", "N 3 2\ta =1 b\tc\n",
      "J 1 1\tlinux/y.h\n"};
  std::string plan = "F plain\n+ text\n";
  for (const auto* path : {"include/uapi/x.h", "include/linux/y.h", "arch/z/include/asm/z.h"}) {
    plan += "H ";
    plan += path;
    plan += '\n';
    if (bits & 1) plan += "R GUARD\nI linux/y.h none.h\n";
    bits >>= 1;
    for (const auto* line : lines) {
      if (bits & 1) plan += line;
      bits = bits >> 1 | (bits & 1) << 15;
    }
    plan += "? tag:a !typedef:c member:a.b array:a.b enumerator:a\n+ @count a.b@\n.\n";
  }
  return plan;
}

void check(Bytes bytes) {
  Teller teller(bytes);
  const auto low = teller.byte();
  const auto plan = plan_by(low | teller.byte() << 8);
  Builder types;
  while (!teller.at_end()) teller.add_type(types);
  // The empty string is always there.
  types.string("");
  Counting output;
  const auto result = write_bpf_headers(*parsed(types, nullptr), plan, limit, output);
  CHECK(output.written() <= limit);
  if (const auto* failure = std::get_if<Failure>(&result)) {
    CHECK(failure->code == FailureCode::corrupt || failure->code == FailureCode::limit);
    return;
  }
  const auto& made = std::get<MadeHeaders>(result);
  CHECK(made.files.size() >= 4 && made.opaque <= made.bodies);
  std::uint64_t size = 0;
  for (const auto& file : made.files) size += file.size;
  CHECK(size == output.written());
}

}  // namespace

}  // namespace ikfs::btf

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikfs::btf::check({data, size});
  return 0;
}
