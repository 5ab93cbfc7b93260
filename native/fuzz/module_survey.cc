/**
 * Surveys a module file: whatever it is, the outcome is a failure with words, no ELF file, or ranges that lie
 * inside the file. The input is the file when its first byte is the magic's; else it is changes to a module,
 * each of three bytes: where, as a number of 16 bits, and what is there instead.
 */
#include "module/module_survey.h"

#include <sys/mman.h>

#include <string>

#include "core/output.h"
#include "core/unique_fd.h"
#include "fuzz/check.h"
#include "test/module_file.h"

namespace ikfs {

namespace {

std::string file_of(Bytes input) {
  if (!input.empty() && input[0] == 0x7f) return {input.begin(), input.end()};
  auto file = test::module_file();
  for (; input.size() >= 3; input = input.subspan(3))
    file[(std::size_t{input[0]} | std::size_t{input[1]} << 8) % file.size()] = static_cast<char>(input[2]);
  return file;
}

void survey(const std::string& bytes) {
  const UniqueFd file(memfd_create("module", MFD_CLOEXEC));
  CHECK(file.get() >= 0);
  FileOutput output(file.get());
  CHECK(!output.write({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));

  ModuleReader reader(true);
  const auto outcome = reader.look_at("/proc/self/fd/" + std::to_string(file.get()));
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    CHECK(!failure->message.empty());
    CHECK(failure->code == FailureCode::truncated || failure->code == FailureCode::corrupt ||
          failure->code == FailureCode::unsupported || failure->code == FailureCode::limit);
    return;
  }
  const auto& facts = std::get<ModuleFacts>(outcome);
  CHECK(facts.identity.size == bytes.size());
  CHECK(facts.is_elf == bytes.starts_with("\x7f"
                                          "ELF"));
  for (const auto& range : {facts.btf, facts.btf_base}) {
    CHECK(!range || (range->offset <= bytes.size() && range->size <= bytes.size() - range->offset));
  }
  for (const auto& text : {facts.name, facts.vermagic}) {
    CHECK(!text || (text->find('\0') == text->npos && bytes.find(*text) != bytes.npos));
  }
  CHECK(reader.counts().btf_bytes == (facts.btf ? facts.btf->size : 0));
}

}  // namespace

}  // namespace ikfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikfs::survey(ikfs::file_of({data, size}));
  return 0;
}
