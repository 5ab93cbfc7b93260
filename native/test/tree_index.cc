#include "test/tree_index.h"

namespace ikfs::test {

namespace {

/** Adds a number of so many bytes, lowest first. */
void put(std::vector<std::uint8_t>& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put(std::vector<std::uint8_t>& bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

}  // namespace

std::uint32_t TreeIndex::place(std::string_view text) {
  const auto offset = pool.size();
  pool += text;
  return static_cast<std::uint32_t>(offset);
}

void TreeIndex::rename(std::size_t number, std::string_view name) {
  auto& record = records[number];
  record.name = place(name);
  record.name_length = static_cast<std::uint16_t>(name.size());
}

void TreeIndex::add_directory(std::string_view name, std::uint64_t first_child, std::uint64_t children) {
  records.push_back({.where = first_child, .amount = children, .mode = 0755, .kind = directory_record});
  rename(records.size() - 1, name);
}

void TreeIndex::add_file(std::string_view name, std::uint64_t offset, std::uint64_t size,
                         std::uint16_t mode) {
  records.push_back({.where = offset, .amount = size, .mode = mode, .kind = file_record});
  rename(records.size() - 1, name);
}

void TreeIndex::add_link(std::string_view name, std::string_view target) {
  const auto offset = place(target);
  records.push_back({.where = offset, .amount = target.size(), .mode = 0777, .kind = link_record});
  rename(records.size() - 1, name);
}

std::vector<std::uint8_t> TreeIndex::encode() const {
  std::vector<std::uint8_t> bytes;
  put(bytes, "IKFSTRE1");
  put(bytes, records.size(), 4);
  put(bytes, pool.size(), 4);
  put(bytes, omitted.size(), 4);
  put(bytes, 0, 4);
  for (const auto& record : records) {
    put(bytes, record.where, 8);
    put(bytes, record.amount, 8);
    put(bytes, record.name, 4);
    put(bytes, record.name_length, 2);
    put(bytes, record.mode, 2);
    put(bytes, record.kind, 1);
    put(bytes, 0, 7);
  }
  put(bytes, pool);
  put(bytes, omitted);
  return bytes;
}

TreeIndex sample_index() {
  TreeIndex index;
  index.add_directory("", 1, 4);
  index.add_file("Kbuild", 512, 100, 0644);
  index.add_directory("arch", 5, 2);
  index.add_directory("empty", 7, 0);
  index.add_file("run", 1024, 0, 0755);
  index.add_link("arm", "x86");
  index.add_directory("x86", 7, 1);
  index.add_file("ä.h", 2048, 7, 0444);
  return index;
}

}  // namespace ikfs::test
