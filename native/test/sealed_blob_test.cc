/** Files of the store, whose bytes are checked when they are read. */
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "test/folder.h"
#include "test/served.h"

namespace ikfs::test {

using fuse::damaged_error;
using fuse::Seal;
using fuse::SealedBlob;

namespace {

namespace fs = std::filesystem;

/** How many bytes a sum is of (src/bytes/chunk-sums.ts). */
constexpr std::size_t chunk = 4096;

/** Bytes that tell where they come from: no chunk is like another. */
std::string kept_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2'654'435'761U >> 13);
  return bytes;
}

/** The seal of bytes, by another implementation of the sums. */
Seal seal_of(const std::string& bytes) {
  Seal seal{.size = bytes.size(), .sums = {}};
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const auto length = std::min(chunk, bytes.size() - at);
    seal.sums.push_back(lzma_crc32(reinterpret_cast<const std::uint8_t*>(bytes.data()) + at, length, 0));
  }
  return seal;
}

/** A file with bytes, and the blob that was made of it. */
class Kept {
 public:
  explicit Kept(std::string bytes) : Kept(bytes, seal_of(bytes)) {}
  Kept(std::string bytes, Seal seal)
      : bytes_(std::move(bytes)),
        blob_(std::make_shared<SealedBlob>(fuse::make_open_files(2), folder_.write("kept", bytes_),
                                           std::move(seal))) {}

  const std::string& bytes() const { return bytes_; }
  std::string path() const { return folder_.path() / "kept"; }
  std::shared_ptr<const SealedBlob> blob() const { return blob_; }

  /** The bytes with one of them changed. */
  std::string flipped(std::size_t at) const {
    auto other = bytes_;
    other[at] = static_cast<char>(other[at] ^ 0x10);
    return other;
  }

  /** Changes the file in place, also while it is open. */
  void overwrite(const std::string& bytes) const { folder_.write("kept", bytes); }

  /** Puts another file in the place of this one, as a repair does. */
  void replace(const std::string& bytes) const { fs::rename(folder_.write("new", bytes), path()); }

  /** What a read gives: bytes, or a negative errno as text. */
  std::string read(std::size_t offset, std::size_t length) const {
    std::vector<std::uint8_t> room(length);
    const auto count = blob_->read(room, offset);
    if (count < 0) return std::to_string(count);
    return {room.begin(), room.begin() + count};
  }

  /** Whether a read gives exactly the bytes that were kept, as many as there are. */
  bool reads_right(std::size_t offset, std::size_t length) const {
    return read(offset, length) == (offset < bytes_.size() ? bytes_.substr(offset, length) : "");
  }

 private:
  Folder folder_;
  std::string bytes_;
  std::shared_ptr<const SealedBlob> blob_;
};

const std::string damaged = std::to_string(-damaged_error);

/** Offsets at, just before and just behind every border of chunks, and the end. */
std::vector<std::size_t> borders_of(std::size_t size) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < size + chunk; at += chunk) {
    for (const std::size_t near : {at - 1, at, at + 1, at + chunk / 2}) {
      if (near <= size + 1) offsets.push_back(near);
    }
  }
  for (const std::size_t near : {size - 1, size, size + 1}) offsets.push_back(near);
  std::sort(offsets.begin(), offsets.end());
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  return offsets;
}

/** Calls with every range that begins and ends at one of these offsets. */
template <typename Body>
void for_each_range(const std::vector<std::size_t>& offsets, Body body) {
  for (const auto begin : offsets) {
    for (const auto end : offsets) {
      if (begin <= end) body(begin, end);
    }
  }
}

}  // namespace

TEST("a sealed blob reads right at every border of what is summed up, and at its end") {
  for (const std::size_t size : {std::size_t{1}, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 123}) {
    const Kept kept(kept_bytes(size));
    for_each_range(borders_of(size),
                   [&](auto begin, auto end) { EXPECT(kept.reads_right(begin, end - begin)); });
    EXPECT(kept.reads_right(0, 10 * chunk));
    for (const std::uint64_t offset : {std::uint64_t{1} << 40, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
      EXPECT_EQUAL(kept.read(offset, 100), "");
    }
  }
}

TEST("a sealed blob reads right in pieces of any length") {
  const Kept kept(kept_bytes(5 * chunk + 77));
  for (const std::size_t length : {std::size_t{1000}, chunk - 1, chunk + 1, 2 * chunk, 3 * chunk + 5}) {
    std::string all;
    while (all.size() < kept.bytes().size()) {
      const auto piece = kept.read(all.size(), length);
      EXPECT(piece.size() == std::min(length, kept.bytes().size() - all.size()));
      all += piece;
    }
    EXPECT(all == kept.bytes());
  }
}

TEST("an empty sealed blob is empty, whatever lies in the file") {
  const Kept kept("something", Seal{});
  EXPECT_EQUAL(kept.read(0, 100), "");
  EXPECT_EQUAL(kept.read(5, 100), "");
}

TEST("a flipped byte fails the reads that touch its chunk, and no others") {
  for (const std::size_t size : {3 * chunk, 3 * chunk + 123}) {
    const Kept kept(kept_bytes(size));
    for (std::size_t start = 0; start < size; start += chunk) {
      const auto stop = std::min(start + chunk, size);
      for (const auto at : {start, start + 1, (start + stop) / 2, stop - 1}) {
        kept.overwrite(kept.flipped(at));
        for_each_range(borders_of(size), [&](auto begin, auto end) {
          const auto last = std::min(end, size);
          // Of nothing it makes no difference.
          if (begin >= last) return;
          const bool touches = begin < stop && last > start;
          if (touches) EXPECT_EQUAL(kept.read(begin, end - begin), damaged);
          if (!touches) EXPECT(kept.reads_right(begin, end - begin));
        });
      }
    }
  }
}

TEST("any single flipped byte of a chunk is found") {
  const Kept kept(kept_bytes(chunk + 100));
  for (std::size_t at = 0; at < kept.bytes().size(); at += 7) {
    kept.overwrite(kept.flipped(at));
    EXPECT(kept.read(at < chunk ? 0 : chunk, 1) == damaged);
    EXPECT(kept.reads_right(at < chunk ? chunk : 0, 1));
  }
}

TEST("what lies in the file behind the sealed bytes is neither read nor checked") {
  const auto bytes = kept_bytes(chunk + 100);
  const Kept kept(bytes + "sums of the store", seal_of(bytes));
  EXPECT(kept.read(chunk + 90, 100) == bytes.substr(chunk + 90));
  EXPECT_EQUAL(kept.read(chunk + 100, 100), "");
  kept.overwrite(bytes + "other");
  EXPECT(kept.read(chunk + 90, 100) == bytes.substr(chunk + 90));
}

TEST("chunks that have no sum count as damaged, and surplus sums as nothing") {
  const auto bytes = kept_bytes(3 * chunk);
  auto seal = seal_of(bytes);
  seal.sums.pop_back();
  const Kept fewer(bytes, seal);
  EXPECT(fewer.reads_right(0, 2 * chunk));
  EXPECT_EQUAL(fewer.read(2 * chunk - 1, 2), damaged);
  EXPECT_EQUAL(fewer.read(2 * chunk, chunk), damaged);
  seal.sums.clear();
  EXPECT_EQUAL(Kept(bytes, seal).read(2 * chunk + 1, 1), damaged);
  seal = seal_of(bytes);
  seal.sums.resize(8);
  EXPECT(Kept(bytes, seal).reads_right(0, 4 * chunk));
}

TEST("a truncated file fails the reads that touch what is missing, and no others") {
  const Kept kept(kept_bytes(3 * chunk + 123));
  for (const std::size_t left :
       {std::size_t{0}, chunk - 1, chunk, 2 * chunk + 1, 3 * chunk, 3 * chunk + 122}) {
    kept.overwrite(kept.bytes().substr(0, left));
    const auto whole = left / chunk * chunk;
    EXPECT(kept.reads_right(0, whole));
    EXPECT_EQUAL(kept.read(whole, 1), damaged);
    EXPECT_EQUAL(kept.read(0, whole + 1), damaged);
    EXPECT_EQUAL(kept.read(kept.bytes().size() - 1, 1), damaged);
  }
  // What is missing is not taken from what the reader's memory happens to hold.
  std::vector<std::uint8_t> room(kept.bytes().begin(), kept.bytes().begin() + 2 * chunk);
  kept.overwrite(kept.bytes().substr(0, chunk));
  EXPECT_EQUAL(kept.blob()->read(room, 0), -damaged_error);
  kept.overwrite(kept.bytes());
  EXPECT(kept.reads_right(0, 4 * chunk));
}

TEST("a missing file is damaged; one that went while it was open is not") {
  const Kept kept(kept_bytes(2 * chunk));
  fs::rename(kept.path(), kept.path() + ".away");
  EXPECT_EQUAL(kept.read(0, 1), damaged);
  EXPECT_EQUAL(kept.read(chunk, chunk), damaged);
  fs::rename(kept.path() + ".away", kept.path());
  EXPECT(kept.reads_right(0, 2 * chunk));
  fs::remove(kept.path());
  EXPECT(kept.reads_right(0, 2 * chunk));
}

TEST("a file that must not be opened, or is none, keeps its errno") {
  const Kept kept(kept_bytes(chunk));
  fs::remove(kept.path());
  fs::create_directory(kept.path());
  EXPECT_EQUAL(kept.read(0, 1), std::to_string(-EISDIR));
  fs::remove(kept.path());
  fs::create_symlink("kept", kept.path());
  EXPECT_EQUAL(kept.read(0, 1), std::to_string(-ELOOP));
}

TEST("a file that was repaired is read right, whatever reading failed with before") {
  const Kept kept(kept_bytes(2 * chunk + 5));
  EXPECT(kept.reads_right(0, 3 * chunk));
  kept.overwrite(kept.flipped(chunk));
  EXPECT_EQUAL(kept.read(0, 2 * chunk), damaged);
  kept.replace(kept.bytes());
  EXPECT(kept.reads_right(0, 3 * chunk));
  kept.overwrite("short");
  EXPECT_EQUAL(kept.read(0, 1), damaged);
  kept.replace(kept.bytes());
  EXPECT(kept.reads_right(0, 3 * chunk));
  // Repaired with what is damaged again, it is found again.
  kept.overwrite(kept.flipped(0));
  EXPECT_EQUAL(kept.read(0, 1), damaged);
  kept.replace(kept.flipped(1));
  EXPECT_EQUAL(kept.read(0, 1), damaged);
  kept.replace(kept.bytes());
  EXPECT(kept.reads_right(0, 3 * chunk));
}

TEST("a file that was repaired is read right also after an error of the system") {
  const Kept kept(kept_bytes(chunk));
  fs::remove(kept.path());
  fs::create_directory(kept.path());
  EXPECT_EQUAL(kept.read(0, 1), std::to_string(-EISDIR));
  fs::remove(kept.path());
  kept.overwrite(kept.bytes());
  EXPECT(kept.reads_right(0, chunk));
}

TEST("several threads read one sealed blob while it is damaged and repaired: right or not at all") {
  const Kept kept(kept_bytes(2 * chunk + 500));
  std::atomic<int> wrong = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      for (std::size_t turn = i; !over.load(); ++turn) {
        const auto offset = turn % 5 * 1000;
        const auto found = kept.read(offset, 3000);
        if (found != damaged && found != kept.bytes().substr(offset, 3000)) wrong.fetch_add(1);
      }
    });
  }
  for (std::size_t turn = 0; turn < 200; ++turn) {
    kept.replace(turn % 3 == 0 ? kept.bytes() : kept.flipped(turn * 37));
  }
  kept.replace(kept.bytes());
  over.store(true);
  for (auto& reader : readers) reader.join();
  EXPECT_EQUAL(wrong.load(), 0);
  // The damage may be open still, and is found and done with by the first read.
  kept.read(0, 3 * chunk);
  EXPECT(kept.reads_right(0, 3 * chunk));
}

TEST("a READ of a damaged file is EIO and asks for a repair; then it is read") {
  const Kept kept(kept_bytes(2 * chunk));
  auto nodes = sample_tree();
  nodes.push_back({sample::hello, file(kept.blob(), 100, chunk)});
  Served served(std::move(nodes));
  auto& kernel = served.kernel();
  EXPECT(kernel.read(sample::hello, 0, 2 * chunk).text() == kept.bytes().substr(100, chunk));
  EXPECT_EQUAL(served.asked().size(), 0U);
  kept.overwrite(kept.flipped(chunk));
  // The damage is not where this one reads.
  EXPECT(kernel.read(sample::hello, 0, 10).text() == kept.bytes().substr(100, 10));
  EXPECT_EQUAL(served.asked().size(), 0U);
  const auto answer = kernel.read(sample::hello, chunk - 100, 50);
  EXPECT_EQUAL(answer.error, EIO);
  EXPECT_EQUAL(answer.body.size(), 0U);
  EXPECT(served.asked() == std::vector<Served::Asked>({{sample::hello, fuse::Need::repaired}}));
  // Nobody waits for the repair, so each that fails asks.
  EXPECT_EQUAL(kernel.read(sample::hello, chunk - 100, 50).error, EIO);
  EXPECT_EQUAL(served.asked().size(), 2U);
  EXPECT_EQUAL(kernel.read(sample::broken, 0, 5).text(), "01234");
  kept.replace(kept.bytes());
  EXPECT(kernel.read(sample::hello, 0, 2 * chunk).text() == kept.bytes().substr(100, chunk));
  // An answer to what nobody waits for is nothing.
  served.publish({}, {{.key = {sample::hello, fuse::Need::repaired}, .error = 0}});
  EXPECT(kernel.read(sample::hello, 0, 1).text() == kept.bytes().substr(100, 1));
  EXPECT_EQUAL(served.asked().size(), 2U);
  EXPECT_EQUAL(kernel.complaint(), "");
}

TEST("other errors of a blob ask for no repair") {
  const Kept kept(kept_bytes(chunk));
  fs::remove(kept.path());
  fs::create_directory(kept.path());
  auto nodes = sample_tree();
  nodes.push_back({sample::hello, file(kept.blob(), 0, chunk)});
  // A file that is said to be longer than what is sealed.
  const Kept shorter(kept_bytes(10));
  nodes.push_back({sample::inner, file(shorter.blob(), 0, 11)});
  Served served(std::move(nodes));
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 100).error, EISDIR);
  EXPECT_EQUAL(served.kernel().read(sample::inner, 0, 100).error, ESTALE);
  EXPECT_EQUAL(served.asked().size(), 0U);
}

}  // namespace ikfs::test
