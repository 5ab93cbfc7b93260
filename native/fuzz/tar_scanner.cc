/**
 * Feeds bytes to the tar scanner, whole and in small chunks: both must come to the same entries or the same
 * failure, and every entry must lie inside the archive. The first byte of the input is the size of the
 * chunks.
 */
#include "archive/tar_scanner.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "archive/archive_index.h"
#include "fuzz/check.h"

namespace ikfs {

namespace {

constexpr std::uint64_t kMaxEntries = 64;

class CheckedIndex final : public TarEntryReceiver {
 public:
  explicit CheckedIndex(std::uint64_t archive_size) : archive_size_(archive_size) {}

  Status receive(const TarEntry& entry) override {
    CHECK(entry.path.size() <= 4095 && entry.target.size() <= 4095);
    CHECK(entry.mode <= 07777);
    CHECK(entry.kind == TarEntryKind::file || (entry.size == 0 && entry.offset == 0));
    CHECK((entry.kind == TarEntryKind::link) == !entry.target.empty());
    CHECK(entry.offset % kTarBlock == 0 && entry.offset <= archive_size_);
    ends_.push_back(entry.offset + entry.size);
    return index_.receive(entry);
  }

  std::vector<std::uint8_t> encode() const {
    CHECK(ends_.size() <= kMaxEntries);
    // Only of an archive that is whole: otherwise the last file may end outside.
    for (const std::uint64_t end : ends_) CHECK(end <= archive_size_);
    return index_.encode();
  }

 private:
  std::uint64_t archive_size_;
  std::vector<std::uint64_t> ends_;
  ArchiveIndex index_;
};

Result<std::vector<std::uint8_t>> scan(Bytes archive, std::size_t chunk) {
  CheckedIndex index(archive.size());
  TarScanner scanner(index, kMaxEntries);
  for (auto rest = archive; !rest.empty();) {
    const auto piece = rest.first(std::min(chunk, rest.size()));
    rest = rest.subspan(piece.size());
    if (auto failure = scanner.feed(piece)) return std::move(*failure);
  }
  if (auto failure = scanner.finish()) return std::move(*failure);
  return index.encode();
}

/** Corrects the checksums of blocks that look like headers; otherwise hardly any mutation gets past them. */
void repair_checksums(std::vector<std::uint8_t>& archive) {
  for (std::size_t at = 0; at + kTarBlock <= archive.size(); at += kTarBlock) {
    auto* block = archive.data() + at;
    if (std::memcmp(block + 257, "ustar", 5) != 0) continue;
    std::memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i) sum += block[i];
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    std::memcpy(block + 148, digits, 7);
  }
}

}  // namespace

}  // namespace ikfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::uint8_t> archive(data + 1, data + size);
  ikfs::repair_checksums(archive);
  const auto whole = ikfs::scan(archive, archive.size() + 1);
  const auto chunked = ikfs::scan(archive, data[0] + std::size_t{1});
  CHECK(whole.index() == chunked.index());
  if (const auto* failure = std::get_if<ikfs::Failure>(&whole)) {
    CHECK(failure->code == std::get<ikfs::Failure>(chunked).code);
    CHECK(failure->message == std::get<ikfs::Failure>(chunked).message);
  } else {
    CHECK(std::get<0>(whole) == std::get<0>(chunked));
  }
  return 0;
}
