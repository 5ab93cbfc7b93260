#include "memory/process_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace ikfs {

namespace {

#ifdef __GLIBC__
/** Blocks from this size on are mappings of their own, and free memory of this size at a heap's end goes
 * back. */
constexpr int kReturned = 128 * 1024;
#endif

/** Takes a number off the front of a text. */
template <typename T>
std::optional<T> take_number(std::string_view& text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(end - text.data());
  return value;
}

/** Takes what comes before the next space off the front of a text, and the space. */
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

/** The value of a line such as `Rss:     12 kB` in bytes. */
std::optional<std::uint64_t> kilobytes(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(std::min(line.find_first_not_of(' ', key.size()), line.size()));
  const auto value = take_number<std::uint64_t>(line, 10);
  return value ? std::optional(*value * 1024) : std::nullopt;
}

/** The mapping that a line such as `7f00-8f00 r-xp 00000000 08:01 1234  /usr/bin/node` begins. */
std::optional<Mapping> mapping_of(std::string_view line) {
  Mapping mapping;
  const auto start = take_number<std::uintptr_t>(line, 16);
  if (!start || !line.starts_with('-')) return std::nullopt;
  line.remove_prefix(1);
  const auto end = take_number<std::uintptr_t>(line, 16);
  if (!end || !line.starts_with(' ')) return std::nullopt;
  line.remove_prefix(1);
  const auto rights = take_word(line);
  take_word(line);
  take_word(line);
  const auto inode = take_word(line);
  mapping.start = *start;
  mapping.end = *end;
  mapping.is_constant_file = rights.size() == 4 && rights[1] == '-' && rights[3] == 'p' && inode != "0";
  return mapping;
}

}  // namespace

void settle_allocator() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, kReturned);
  mallopt(M_TRIM_THRESHOLD, kReturned);
#endif
}

void trim_heaps() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

bool read_smaps_line(std::string_view line, Mapping& mapping) {
  if (const auto begun = mapping_of(line)) {
    mapping = *begun;
    return true;
  }
  if (const auto resident = kilobytes(line, "Rss:")) mapping.resident_bytes = *resident;
  if (const auto changed = kilobytes(line, "Anonymous:")) mapping.changed_bytes = *changed;
  return false;
}

std::uint64_t let_go_of_file_pages() {
  std::ifstream smaps("/proc/self/smaps");
  std::vector<Mapping> mappings;
  Mapping none;
  for (std::string line; std::getline(smaps, line);) {
    Mapping begun;
    if (read_smaps_line(line, begun)) {
      mappings.push_back(begun);
    } else {
      read_smaps_line(line, mappings.empty() ? none : mappings.back());
    }
  }
  std::uint64_t bytes = 0;
  for (const auto& mapping : mappings) {
    if (!mapping.can_be_read_again() || mapping.resident_bytes == 0) continue;
    // MADV_DONTNEED of a private mapping of a file: the next access reads the file again (madvise(2)).
    auto* start = reinterpret_cast<void*>(mapping.start);
    if (madvise(start, mapping.end - mapping.start, MADV_DONTNEED) == 0) bytes += mapping.resident_bytes;
  }
  return bytes;
}

}  // namespace ikfs
