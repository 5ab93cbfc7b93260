#include "module/elf_sections.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace ikfs {

namespace {

// elf(5), include/uapi/linux/elf.h.
constexpr std::uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
constexpr std::size_t largest_header = 64;
constexpr std::uint32_t type_no_bits = 8;
constexpr std::uint32_t flag_compressed = 0x800;
/** SHN_XINDEX: the index of the names did not fit, and section header 0 has it. */
constexpr std::uint16_t extended_index = 0xffff;

/** A module has 93 sections at the most, which is 6 KB of headers and 2 of names. */
constexpr std::uint64_t largest_table = 1024 * 1024;
/** As large as an offset or size can be: what a number of JavaScript holds exactly. */
constexpr std::uint64_t largest_number = (std::uint64_t{1} << 53) - 1;

std::string hexadecimal(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/** The fields of a header one by one; from the first that fails on, they are 0 and `failure` tells why. */
class Fields {
 public:
  /** @param base offset of the bytes in the file, for messages */
  Fields(Bytes bytes, const ElfKind& kind, std::uint64_t base)
      : bytes_(bytes), swapped_(kind.order != std::endian::native), wide_(kind.bits == 64), base_(base) {}

  std::uint16_t u16(const char* field) {
    const auto value = take<std::uint16_t>(field);
    return swapped_ ? __builtin_bswap16(value) : value;
  }

  std::uint32_t u32(const char* field) {
    const auto value = take<std::uint32_t>(field);
    return swapped_ ? __builtin_bswap32(value) : value;
  }

  /** 8 bytes in a 64-bit file, else 4. */
  std::uint64_t word(const char* field) {
    if (!wide_) return u32(field);
    const auto value = take<std::uint64_t>(field);
    return swapped_ ? __builtin_bswap64(value) : value;
  }

  /** An offset or a size: a word that is not too large for one. */
  std::uint64_t extent(const char* field) {
    const auto at = base_ + position_;
    const auto value = word(field);
    if (value <= largest_number) return value;
    if (!failure) {
      failure = Failure{FailureCode::corrupt,
                        std::string(field) + " is impossibly large (" + hexadecimal(value) + ")", at};
    }
    return 0;
  }

  void skip(std::size_t count) { position_ += count; }

  Status failure;

 private:
  template <typename Number>
  Number take(const char* field) {
    Number value = 0;
    if (position_ + sizeof(value) <= bytes_.size()) {
      std::memcpy(&value, bytes_.data() + position_, sizeof(value));
    } else if (!failure) {
      failure = Failure{FailureCode::truncated, std::string("ends inside ") + field, base_ + position_};
    }
    position_ += sizeof(value);
    return value;
  }

  Bytes bytes_;
  bool swapped_;
  bool wide_;
  std::uint64_t base_;
  std::size_t position_ = 0;
};

/** A byte of e_ident that is 1 or 2. */
Status check_choice(Bytes head, std::size_t at, const char* what) {
  if (at < head.size() && (head[at] == 1 || head[at] == 2)) return {};
  const auto found = at < head.size() ? std::to_string(head[at]) : "missing";
  return Failure{FailureCode::corrupt, std::string("ELF ") + what + " is " + found + ", not 1 or 2", at};
}

}  // namespace

Status read_range(int descriptor, std::uint64_t offset, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    const ssize_t count = pread(descriptor, to, size, static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      return system_failure("reading", errno);
    }
    if (count == 0) return Failure{FailureCode::truncated, "became shorter while it was read", offset};
    to += count;
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::size_t>(count);
  }
  return {};
}

Result<bool> ElfSections::open(int descriptor, std::uint64_t size) {
  descriptor_ = descriptor;
  size_ = size;
  table_ = {};
  names_ = {};
  const auto read_head = read({0, std::min<std::uint64_t>(largest_header, size)}, "the header", head_room_);
  if (const auto* failure = std::get_if<Failure>(&read_head)) return *failure;
  const auto head = std::get<Bytes>(read_head);
  if (head.size() < sizeof(magic) || std::memcmp(head.data(), magic, sizeof(magic)) != 0) return false;
  const auto table = read_header(head);
  if (const auto* failure = std::get_if<Failure>(&table)) return *failure;
  if (auto failure = read_names(std::get<Table>(table))) return std::move(*failure);
  return true;
}

Result<ElfSections::Table> ElfSections::read_header(Bytes head) {
  if (auto failure = check_choice(head, 4, "class")) return std::move(*failure);
  if (auto failure = check_choice(head, 5, "byte order")) return std::move(*failure);
  kind_.bits = head[4] == 2 ? 64 : 32;
  kind_.order = head[5] == 2 ? std::endian::big : std::endian::little;

  Fields fields(head, kind_, 0);
  fields.skip(16);
  (void)fields.u16("e_type");
  kind_.machine = fields.u16("e_machine");
  // e_version, e_entry
  fields.skip(4 + kind_.bits / 8);
  (void)fields.extent("e_phoff");
  const auto offset = fields.extent("e_shoff");
  // e_flags, e_ehsize
  fields.skip(4 + 2);
  (void)fields.u16("e_phentsize");
  (void)fields.u16("e_phnum");
  const auto entry_size = fields.u16("e_shentsize");
  std::uint64_t count = fields.u16("e_shnum");
  std::uint32_t names = fields.u16("e_shstrndx");
  if (fields.failure) return std::move(*fields.failure);
  if (offset == 0) return Table{{0, 0}, 0, 0};

  // The kernel, too, takes no other size (kernel/module/main.c: elf_validity_check).
  if (entry_size != header_size()) {
    return Failure{FailureCode::corrupt, "section headers are " + std::to_string(entry_size) +
                                             " bytes long, not " + std::to_string(header_size())};
  }
  if (count == 0 || names == extended_index) {
    const auto bytes = read({offset, header_size()}, "section header 0", table_room_);
    if (const auto* failure = std::get_if<Failure>(&bytes)) return *failure;
    const auto first = section_at(std::get<Bytes>(bytes), offset, 0);
    if (const auto* failure = std::get_if<Failure>(&first)) return *failure;
    if (count == 0) count = std::get<ElfSection>(first).range.size;
    if (names == extended_index) names = std::get<ElfSection>(first).link;
  }
  if (count > largest_table / header_size())
    return Failure{FailureCode::limit, "has " + std::to_string(count) + " sections"};
  return Table{{offset, count * header_size()}, static_cast<std::uint32_t>(count), names};
}

Status ElfSections::read_names(const Table& table) {
  if (table.count > 0) {
    const auto bytes = read(table.range, "section header table", table_room_);
    if (const auto* failure = std::get_if<Failure>(&bytes)) return *failure;
    table_ = std::get<Bytes>(bytes);
    table_offset_ = table.range.offset;
  }
  if (table.names == 0) return {};
  if (table.names >= table.count) {
    return Failure{FailureCode::corrupt, "e_shstrndx is " + std::to_string(table.names) + ", of " +
                                             std::to_string(table.count) + " sections"};
  }
  const auto section = section_at(table_, table_offset_, table.names);
  if (const auto* failure = std::get_if<Failure>(&section)) return *failure;
  const auto& strings = std::get<ElfSection>(section);
  if (strings.type == type_no_bits || strings.range.size == 0) return {};
  if (strings.range.size > largest_table)
    return Failure{FailureCode::limit,
                   "has " + std::to_string(strings.range.size) + " bytes of section names"};
  const auto bytes = read(strings.range, "table of section names", names_room_);
  if (const auto* failure = std::get_if<Failure>(&bytes)) return *failure;
  names_ = std::get<Bytes>(bytes);
  return {};
}

Result<ElfSection> ElfSections::section_at(Bytes bytes, std::uint64_t base, std::size_t index) const {
  const auto start = index * header_size();
  Fields fields(bytes.subspan(start, header_size()), kind_, base + start);
  (void)fields.u32("sh_name");
  ElfSection section{};
  section.type = fields.u32("sh_type");
  section.flags = static_cast<std::uint32_t>(fields.word("sh_flags"));
  (void)fields.word("sh_addr");
  section.range.offset = fields.extent("sh_offset");
  section.range.size = fields.extent("sh_size");
  section.link = fields.u32("sh_link");
  (void)fields.u32("sh_info");
  (void)fields.extent("sh_addralign");
  (void)fields.extent("sh_entsize");
  if (fields.failure) return std::move(*fields.failure);
  return section;
}

Result<std::optional<ElfSection>> ElfSections::find(std::string_view name) const {
  const bool swapped = kind_.order != std::endian::native;
  const auto step = header_size();
  for (std::size_t start = 0; start < table_.size(); start += step) {
    std::uint32_t at;
    std::memcpy(&at, table_.data() + start, sizeof(at));
    if (swapped) at = __builtin_bswap32(at);
    // 0 is for sections without a name.
    if (at == 0 || at >= names_.size() || name.size() >= names_.size() - at) continue;
    if (names_[at + name.size()] != 0 || std::memcmp(&names_[at], name.data(), name.size()) != 0) continue;
    auto section = section_at(table_, table_offset_, start / step);
    if (auto* failure = std::get_if<Failure>(&section)) return std::move(*failure);
    return std::get<ElfSection>(section);
  }
  return std::optional<ElfSection>{};
}

Result<FileRange> ElfSections::content(const ElfSection& section, std::string_view name) const {
  if (section.type == type_no_bits) return FileRange{0, 0};
  if ((section.flags & flag_compressed) != 0) {
    return Failure{FailureCode::unsupported, "section " + std::string(name) + " is compressed",
                   section.range.offset};
  }
  if (auto failure = check_inside(section.range, "section ", name)) return std::move(*failure);
  return section.range;
}

Status ElfSections::check_inside(const FileRange& range, std::string_view what, std::string_view name) const {
  if (range.offset <= size_ && range.size <= size_ - range.offset) return {};
  return Failure{FailureCode::truncated,
                 std::string(what).append(name) + " has " + std::to_string(range.size) + " bytes from " +
                     std::to_string(range.offset) + ", the file only " + std::to_string(size_),
                 range.offset};
}

Result<Bytes> ElfSections::read(const FileRange& range, std::string_view what,
                                std::vector<std::uint8_t>& room) {
  if (auto failure = check_inside(range, what)) return std::move(*failure);
  if (room.size() < range.size) room.resize(range.size);
  if (auto failure = read_range(descriptor_, range.offset, room.data(), range.size))
    return std::move(*failure);
  bytes_read_ += range.size;
  return Bytes(room.data(), range.size);
}

}  // namespace ikfs
