/**
 * Writes C for BTF whose types are told by the input, a few bytes each, and refer to any number: whatever
 * they are, it ends with a header within its limit or with a typed failure. The first byte says how many
 * types are the base's.
 */
#include "btf/c_header.h"

#include "fuzz/check.h"
#include "fuzz/told_btf.h"

namespace ikfs::btf {

namespace {

constexpr std::uint64_t limit = 1 << 20;

void write(const Btf& btf, TypeId first_own) {
  Counting output;
  const auto failure = write_c_header(btf, {.first_own = first_own, .limit = limit}, output);
  CHECK(output.written() <= limit);
  CHECK(failure || output.written() > 0);
  CHECK(!failure || failure->code == FailureCode::corrupt || failure->code == FailureCode::limit);
}

void check(Bytes bytes) {
  Teller teller(bytes);
  const auto in_base = teller.byte();
  Builder base;
  while (base.next() <= in_base && !teller.at_end()) teller.add_type(base);
  // The empty string is always there.
  base.string("");
  const auto whole = parsed(base, nullptr);
  write(*whole, 1);
  if (teller.at_end()) return;
  Builder own(whole->count(), whole->string_end());
  while (!teller.at_end()) teller.add_type(own);
  const auto split = parsed(own, whole);
  write(*split, 1);
  write(*split, split->first());
}

}  // namespace

}  // namespace ikfs::btf

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikfs::btf::check({data, size});
  return 0;
}
