#include "test/module_file.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ikfs::test {

namespace {

/** A number of that many bytes, the lowest first. */
void put(std::string& bytes, std::uint64_t value, std::size_t size) {
  for (; size > 0; --size, value >>= 8) bytes.push_back(static_cast<char>(value));
}

/** Elf64_Shdr. */
void put_section(std::string& table, std::size_t name, std::uint32_t type, std::size_t offset,
                 std::size_t size) {
  put(table, name, 4);
  put(table, type, 4);
  put(table, 0, 8 + 8);
  put(table, offset, 8);
  put(table, size, 8);
  put(table, 0, 4 + 4);
  put(table, 1, 8);
  put(table, 0, 8);
}

}  // namespace

std::string module_file() {
  constexpr std::size_t header_size = 64;
  const std::vector<std::pair<std::string_view, std::string>> sections = {
      {".modinfo", std::string("license=GPL\0name=made_up\0vermagic=6.1 SMP \0", 43)},
      {".BTF", std::string(24, 'b')},
      {".BTF.base", std::string(8, 'c')},
      {".debug_info", std::string(5, 'd')},
  };
  std::string content(header_size, '\0');
  std::string names(1, '\0');
  std::string table(header_size, '\0');
  for (int round = 0; round < 2; ++round) {
    for (const auto& [name, bytes] : sections) {
      put_section(table, names.size(), 1, content.size(), bytes.size());
      names.append(name).push_back('\0');
      content += bytes;
    }
  }
  put_section(table, 0, 3, content.size(), names.size());
  content += names;

  std::string header(
      "\x7f"
      "ELF\2\1\1",
      7);
  header.resize(16);
  put(header, 1, 2);
  put(header, 62, 2);
  put(header, 1, 4);
  put(header, 0, 8 + 8);
  put(header, content.size(), 8);
  put(header, 0, 4);
  put(header, header_size, 2);
  put(header, 0, 2 + 2);
  put(header, 64, 2);
  put(header, table.size() / 64, 2);
  put(header, table.size() / 64 - 1, 2);
  return header + content.substr(header.size()) + table;
}

}  // namespace ikfs::test
