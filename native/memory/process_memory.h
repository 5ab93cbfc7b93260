#pragma once

#include <cstdint>
#include <string_view>

namespace ikfs {

/**
 * Has the allocator keep little for later: one heap for all threads instead of one for each, large blocks as
 * mappings of their own that go back to the kernel when they are freed, and the end of the heap given back
 * early. What is already allocated stays where it is, so this is called early. Nothing where the C library
 * has no such settings (musl, whose allocator is like that by itself).
 */
void settle_allocator();

/** Gives free memory of all heaps back to the kernel (malloc_trim(3)), where the C library can. */
void trim_heaps();

/**
 * Takes pages of program files out of this process that it has read but may not write: code and constants
 * that were needed to start and to make artifacts. They stay in the page cache, where they count as nobody's
 * and go first when memory is short; what is needed again comes back with a page fault.
 * @returns bytes of resident memory that the mappings let go of had before
 */
std::uint64_t let_go_of_file_pages();

/** A mapping of /proc/PID/smaps as far as it matters here. */
struct Mapping {
  std::uintptr_t start = 0;
  std::uintptr_t end = 0;
  /** Of a file, private, and not to be written. */
  bool is_constant_file = false;
  std::uint64_t resident_bytes = 0;
  /** What of it is not as in the file: relocated, or otherwise written while that was allowed. */
  std::uint64_t changed_bytes = 0;

  /** Whether all of it can be had from the file again. */
  bool can_be_read_again() const { return is_constant_file && changed_bytes == 0; }
};

/** Reads one line of smaps into the mapping that it is about. @returns whether it begins another mapping */
bool read_smaps_line(std::string_view line, Mapping& mapping);

}  // namespace ikfs
