#include "test/listing.h"

namespace ikfs::test {

std::vector<Listed> listed_in(const Answer& answer, bool plus) {
  EXPECT_EQUAL(answer.error, 0);
  std::vector<Listed> all;
  const auto& bytes = answer.body;
  const std::size_t before = plus ? sizeof(fuse::EntryOut) : 0;
  for (std::size_t at = 0; at < bytes.size();) {
    Listed listed{};
    EXPECT(bytes.size() - at >= before + sizeof(listed.entry));
    if (plus) std::memcpy(&listed.attributes, bytes.data() + at, sizeof(listed.attributes));
    std::memcpy(&listed.entry, bytes.data() + at + before, sizeof(listed.entry));
    const auto name = at + before + sizeof(listed.entry);
    const auto end = name + listed.entry.name_length;
    const auto next = (end + 7) / 8 * 8;
    EXPECT(listed.entry.name_length > 0 && next <= bytes.size());
    listed.name.assign(bytes.begin() + static_cast<std::ptrdiff_t>(name),
                       bytes.begin() + static_cast<std::ptrdiff_t>(end));
    for (auto padding = end; padding < next; ++padding) EXPECT_EQUAL(bytes[padding], 0);
    all.push_back(std::move(listed));
    at = next;
  }
  return all;
}

std::string names_of(const std::vector<Listed>& listed) {
  std::string names;
  for (const auto& each : listed) names += (names.empty() ? "" : " ") + each.name;
  return names;
}

std::vector<Listed> list(FakeKernel& kernel, fuse::NodeId node, std::uint32_t size, bool plus) {
  std::vector<Listed> all;
  for (std::uint64_t offset = 0;;) {
    const auto opcode = plus ? fuse::Opcode::readdirplus : fuse::Opcode::readdir;
    const auto answer = kernel.read(node, offset, size, opcode);
    EXPECT(answer.body.size() <= size);
    const auto some = listed_in(answer, plus);
    if (some.empty()) return all;
    offset = some.back().entry.offset;
    all.insert(all.end(), some.begin(), some.end());
  }
}

}  // namespace ikfs::test
