/**
 * Decodes and indexes bytes as an .xz archive, from memory to memory and from a file to a file: both must
 * come to the same, within the caps. The same bytes are decoded as .lzma, which has no checksums.
 */
#include "archive/index_archive.h"

#include <sys/mman.h>
#include <unistd.h>

#include "core/unique_fd.h"
#include "fuzz/check.h"

namespace ikfs {

namespace {

constexpr ArchiveCaps kCaps{1024 * 1024, 64};
constexpr std::uint64_t kBefore = 3;

/** A file in memory that holds the bytes after some others. */
UniqueFd file_of(Bytes bytes) {
  UniqueFd file(memfd_create("input", MFD_CLOEXEC));
  CHECK(file.get() >= 0);
  CHECK(pwrite(file.get(), bytes.data(), bytes.size(), kBefore) == static_cast<ssize_t>(bytes.size()));
  return file;
}

std::vector<std::uint8_t> content_of(const UniqueFd& file) {
  std::vector<std::uint8_t> content(static_cast<std::size_t>(lseek(file.get(), 0, SEEK_END)));
  CHECK(pread(file.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  return content;
}

void check_counts(const Decoded& counts, std::uint64_t size) {
  CHECK(counts.consumed <= size);
  CHECK(counts.produced <= kCaps.bytes);
}

void index_both_ways(const Codec& codec, Bytes bytes) {
  MemoryInput memory(bytes);
  MemoryOutput plain;
  const auto from_memory = index_archive(codec, memory, plain, kCaps);

  const auto input = file_of(bytes);
  const UniqueFd output(memfd_create("output", MFD_CLOEXEC));
  FileInput file(input.get(), kBefore, bytes.size());
  FileOutput file_output(output.get());
  const auto from_file = index_archive(codec, file, file_output, kCaps);

  CHECK(from_memory.index() == from_file.index());
  if (const auto* failure = std::get_if<Failure>(&from_memory)) {
    CHECK(failure->code == std::get<Failure>(from_file).code);
    CHECK(failure->offset <= bytes.size());
    return;
  }
  const auto& archive = std::get<IndexedArchive>(from_memory);
  check_counts(archive.counts, bytes.size());
  const auto tar = plain.take();
  CHECK(tar.size() == archive.counts.produced);
  CHECK(tar == content_of(output));
  CHECK(archive.index == std::get<IndexedArchive>(from_file).index);
}

}  // namespace

}  // namespace ikfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ikfs::Bytes bytes(data, size);
  ikfs::index_both_ways(*ikfs::find_codec("xz"), bytes);
  ikfs::MemoryInput input(bytes);
  ikfs::MemoryOutput output;
  const auto decoded = ikfs::decode_stream(*ikfs::find_codec("lzma"), input, output, ikfs::kCaps.bytes);
  if (const auto* counts = std::get_if<ikfs::Decoded>(&decoded)) ikfs::check_counts(*counts, size);
  return 0;
}
