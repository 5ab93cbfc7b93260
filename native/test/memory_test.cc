/** What is read of the process's own mappings, and what the kernel is asked to tell of pressure. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "memory/pressure_watch.h"
#include "memory/process_memory.h"
#include "test/folder.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

/** The mapping that lines of smaps are about. */
Mapping mapping_of(const std::vector<std::string>& lines) {
  Mapping mapping;
  for (const auto& line : lines) read_smaps_line(line, mapping);
  return mapping;
}

/** What /proc/self/smaps says of the mapping at an address. */
Mapping mapping_at(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  Mapping mapping;
  Mapping found;
  const auto place = reinterpret_cast<std::uintptr_t>(address);
  for (std::string line; std::getline(smaps, line);) {
    read_smaps_line(line, mapping);
    if (mapping.start <= place && place < mapping.end) found = mapping;
  }
  return found;
}

/** A file of zeros that is mapped for reading, and to begin with for writing too. */
class MappedFile {
 public:
  explicit MappedFile(std::size_t size) : size_(size) {
    const UniqueFd file(open(folder_.write("file", std::string(size, 'x')).c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT(file.get() >= 0);
    address_ = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0));
    EXPECT(address_ != MAP_FAILED);
  }
  ~MappedFile() { munmap(address_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  void make_constant() { EXPECT(mprotect(address_, size_, PROT_READ) == 0); }
  char* address() { return address_; }

 private:
  Folder folder_;
  std::size_t size_;
  char* address_ = nullptr;
};

constexpr std::size_t kSize = 1024 * 1024;

/** Reads all of some memory. */
void touch(const char* bytes) {
  unsigned sum = 0;
  for (std::size_t at = 0; at < kSize; at += 1024) sum += static_cast<unsigned char>(bytes[at]);
  EXPECT(sum > 0);
}

}  // namespace

TEST("a mapping is what its lines of smaps say") {
  Mapping mapping;
  EXPECT(read_smaps_line("7f0000001000-7f0000005000 r--p 00000000 08:01 1234      /usr/bin/node", mapping));
  EXPECT_EQUAL(mapping.start, 0x7f0000001000U);
  EXPECT_EQUAL(mapping.end, 0x7f0000005000U);
  EXPECT(!read_smaps_line("Size:                 16 kB", mapping));
  EXPECT(!read_smaps_line("Rss:                  12 kB", mapping));
  EXPECT(!read_smaps_line("Anonymous:             0 kB", mapping));
  EXPECT_EQUAL(mapping.resident_bytes, 12U * 1024);
  EXPECT(mapping.can_be_read_again());
  EXPECT(!read_smaps_line("Anonymous:             4 kB", mapping));
  EXPECT_EQUAL(mapping.changed_bytes, 4U * 1024);
  EXPECT(!mapping.can_be_read_again());
}

TEST("what can be written, is shared, or is of no file can not be read again") {
  for (const char* line :
       {"1000-2000 rw-p 00000000 08:01 1234 /bin/sh", "1000-2000 r--s 00000000 08:01 1234 /bin/sh",
        "1000-2000 r--p 00000000 00:00 0", "1000-2000 r--p 00000000 00:00 0 [vvar]"}) {
    EXPECT(!mapping_of({line, "Rss: 4 kB", "Anonymous: 0 kB"}).can_be_read_again());
  }
  EXPECT(mapping_of({"1000-2000 r-xp 00000000 08:01 1234 /bin/sh"}).can_be_read_again());
}

TEST("lines that are none of these change nothing") {
  const Mapping before = mapping_of({"1000-2000 r--p 00000000 08:01 7 /a", "Rss: 8 kB"});
  for (const char* line : {"", " ", "Rss:", "Rss: kB", "VmFlags: rd mr mw me", "1000", "1000-", "1000-2000",
                           "-", "zz-zz r--p"}) {
    Mapping mapping = before;
    EXPECT(!read_smaps_line(line, mapping));
    EXPECT_EQUAL(mapping.start, before.start);
    EXPECT_EQUAL(mapping.resident_bytes, before.resident_bytes);
  }
  Mapping cut;
  EXPECT(read_smaps_line("1000-2000 r--", cut));
  EXPECT(!cut.is_constant_file);
}

TEST("pages of a file go, and its bytes are there again when they are read") {
  MappedFile file(kSize);
  file.make_constant();
  touch(file.address());
  EXPECT_EQUAL(mapping_at(file.address()).resident_bytes, kSize);
  EXPECT(let_go_of_file_pages() >= kSize);
  EXPECT(mapping_at(file.address()).resident_bytes < kSize);
  touch(file.address());
}

TEST("what was changed in memory stays") {
  MappedFile file(kSize);
  file.address()[0] = 'y';
  file.make_constant();
  touch(file.address());
  let_go_of_file_pages();
  EXPECT_EQUAL(file.address()[0], 'y');
  EXPECT_EQUAL(file.address()[4096], 'x');
}

TEST("the allocator can be settled and trimmed at any time") {
  settle_allocator();
  std::vector<std::string> texts(1000, std::string(2000, 'x'));
  trim_heaps();
  texts.erase(texts.begin(), texts.begin() + 500);
  trim_heaps();
  EXPECT_EQUAL(texts.back().size(), 2000U);
}

TEST("watching for pressure fails where there is no such file, and ends at once where there is") {
  const Folder folder;
  EXPECT(std::holds_alternative<Failure>(PressureWatch::open(folder.path() / "none", [] {})));
  // A kernel without pressure stall information has no such file; this one may refuse it to who is not root.
  if (access("/proc/pressure/memory", W_OK) != 0) return;
  std::atomic<int> told = 0;
  auto opened = PressureWatch::open("/proc/pressure/memory", [&] { ++told; });
  if (std::holds_alternative<Failure>(opened)) return;
  std::get<std::unique_ptr<PressureWatch>>(opened).reset();
  const int before = told;
  EXPECT_EQUAL(told.load(), before);
}

}  // namespace ikfs::test
