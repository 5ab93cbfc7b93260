/** READ, and the blobs that it reads from. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "fuse/packed_paths.h"
#include "test/folder.h"
#include "test/served.h"

namespace ikfs::test {

using fuse::FileIdentity;
using fuse::PathBlob;

namespace {

namespace fs = std::filesystem;

FileIdentity identity_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQUAL(stat(path.c_str(), &found), 0);
  return {.inode = found.st_ino,
          .size = static_cast<std::uint64_t>(found.st_size),
          .modified_nanoseconds = found.st_mtim.tv_sec * 1'000'000'000LL + found.st_mtim.tv_nsec};
}

/** Sets a file's time of modification apart from any that a clock would give. */
void date_back(const std::string& path, std::int64_t seconds) {
  const timespec times[2]{{.tv_sec = seconds, .tv_nsec = 1}, {.tv_sec = seconds, .tv_nsec = 1}};
  EXPECT_EQUAL(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/** Up to 100 bytes of a blob as text, or an errno as a number with its sign. */
std::string content_of(const fuse::Blob& blob, std::uint64_t offset = 0) {
  std::vector<std::uint8_t> room(100);
  const auto count = blob.read(room, offset);
  if (count < 0) return std::to_string(count);
  return {room.begin(), room.begin() + count};
}

const std::string stale = std::to_string(-ESTALE);

}  // namespace

TEST("READ gives a file in pieces, nothing at and behind its end, never more than is asked for") {
  Served served;
  auto& kernel = served.kernel();
  EXPECT_EQUAL(kernel.read(sample::hello, 0, 0).body.size(), 0U);
  EXPECT_EQUAL(kernel.read(sample::hello, 0, 4096).text(), "hello, world");
  EXPECT_EQUAL(kernel.read(sample::hello, 0, 5).text(), "hello");
  EXPECT_EQUAL(kernel.read(sample::hello, 7, 3).text(), "wor");
  EXPECT_EQUAL(kernel.read(sample::hello, 10, ~0U).text(), "ld");
  for (const auto offset : {12ULL, 13ULL, 1ULL << 40, 1ULL << 63, ~0ULL}) {
    const auto answer = kernel.read(sample::hello, offset, 4096);
    EXPECT_EQUAL(answer.error, 0);
    EXPECT_EQUAL(answer.body.size(), 0U);
  }
  EXPECT_EQUAL(kernel.read(sample::root, 0, 4096).error, EISDIR);
  EXPECT_EQUAL(kernel.read(sample::nobody, 0, 4096).error, ESTALE);
}

TEST("READ of nothing is answered by a session that has never read before") {
  for (const auto offset : {0, 3}) {
    Served served;
    EXPECT_EQUAL(served.kernel().read(sample::hello, static_cast<std::uint64_t>(offset), 0).error, 0);
  }
}

TEST("a blob that ends before the file does is ESTALE, not a shorter file") {
  Served served;
  EXPECT_EQUAL(served.kernel().read(sample::broken, 0, 10).text(), "0123456789");
  EXPECT_EQUAL(served.kernel().read(sample::broken, 0, 4096).error, ESTALE);
  EXPECT_EQUAL(served.kernel().read(sample::broken, 5, 6).error, ESTALE);
  EXPECT_EQUAL(served.kernel().read(sample::broken, 50, 10).error, ESTALE);
}

TEST("no READ makes the session take more memory than a kernel can ask for") {
  auto nodes = sample_tree();
  nodes.push_back({sample::broken, file(std::make_shared<fuse::MemoryBlob>("x"), 0, 1ULL << 40)});
  Served served(std::move(nodes));
  EXPECT(served.kernel().read(sample::broken, 0, ~0U).error != 0);
  EXPECT_EQUAL(served.kernel().read(sample::broken, 0, 1).text(), "x");
}

TEST("a file that lies inside a descriptor's is read from there, and stops where it stops") {
  UniqueFd memory(memfd_create("blob", MFD_CLOEXEC));
  const std::string bytes = "before|the file|behind";
  EXPECT_EQUAL(write(memory.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  auto nodes = sample_tree();
  nodes.push_back({sample::hello, file(std::make_shared<fuse::DescriptorBlob>(std::move(memory)), 7, 8)});
  Served served(std::move(nodes));
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 4096).text(), "the file");
  EXPECT_EQUAL(served.kernel().read(sample::hello, 4, 4096).text(), "file");
  EXPECT_EQUAL(served.kernel().read(sample::hello, 8, 4096).text(), "");
}

TEST("the largest read goes out in one piece") {
  Served served;
  const auto size =
      std::min<std::size_t>(served.kernel().longest_answer() - sizeof(fuse::OutHeader), 1 << 20);
  std::string bytes(size + 1000, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7919 >> 8);
  served.publish({{sample::hello, file(bytes)}});
  const auto answer = served.kernel().read(sample::hello, 1000, static_cast<std::uint32_t>(size));
  EXPECT(answer.text() == bytes.substr(1000));
}

TEST("a file keeps the content of the table that its READ came under") {
  Served served;
  const auto before = served.session().dispatcher().table();
  served.publish({{sample::hello, file("another")}});
  EXPECT_EQUAL(served.kernel().read(sample::hello, 0, 100).text(), "another");
  const auto& old = std::get<fuse::FileContent>(before->find(sample::hello)->content);
  EXPECT_EQUAL(content_of(*old.blob), "hello, world");
}

TEST("a path whose file was replaced, changed in place or removed is not read") {
  const Folder folder;
  const auto files = fuse::make_open_files(4);
  const auto path = folder.write("module", "as described");
  date_back(path, 1000);
  const PathBlob blob(files, path, identity_of(path));
  EXPECT_EQUAL(content_of(blob, 3), "described");
  // Open already, so what is described can still be had.
  fs::rename(folder.write("other", "a replacement"), path);
  EXPECT_EQUAL(content_of(blob), "as described");
  // Another limit forgets what is open.
  EXPECT_EQUAL(content_of(PathBlob(fuse::make_open_files(4), path, FileIdentity{1, 2, 3})), stale);
  const PathBlob next(files, path, identity_of(path));
  EXPECT_EQUAL(content_of(next), "a replacement");
  EXPECT_EQUAL(content_of(blob), stale);
  fs::remove(path);
  EXPECT_EQUAL(content_of(blob), std::to_string(-ENOENT));
}

TEST("a file that is changed in place while it is open is ESTALE") {
  const Folder folder;
  const auto path = folder.write("module", "as described");
  date_back(path, 1000);
  const PathBlob blob(fuse::make_open_files(4), path, identity_of(path));
  EXPECT_EQUAL(content_of(blob), "as described");
  folder.write("module", "no longer as");
  EXPECT_EQUAL(content_of(blob), stale);
  folder.write("module", "longer than it was before");
  EXPECT_EQUAL(content_of(blob), stale);
}

TEST("a hundred files are read with four descriptors") {
  const Folder folder;
  const auto files = fuse::make_open_files(4);
  std::vector<PathBlob> blobs;
  for (int i = 0; i < 100; ++i) {
    const auto path = folder.write("f" + std::to_string(i), "content " + std::to_string(i));
    blobs.emplace_back(files, path, identity_of(path));
  }
  const auto before = open_descriptors();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQUAL(content_of(blobs[static_cast<std::size_t>(i)]), "content " + std::to_string(i));
      EXPECT(open_descriptors() <= before + 4);
    }
  }
}

TEST("files whose places are packed are read like others, and replaced ones are told from them") {
  const Folder folder;
  std::filesystem::create_directory(folder.path() / "other");
  const auto files = fuse::make_open_files(4);
  const std::vector<std::string> paths{folder.write("a", "first"), folder.write("other/b", "second"),
                                       folder.write("c", "third")};
  auto packed = std::make_unique<fuse::PackedPaths>();
  packed->add(PathBlob(files, paths[0], identity_of(paths[0])));
  packed->add(PathBlob(files, paths[1], std::nullopt));
  packed->add(PathBlob(files, paths[2], identity_of(paths[2])));
  auto blobs = fuse::PackedPaths::blobs(std::move(packed));
  EXPECT_EQUAL(blobs.size(), 3U);
  EXPECT_EQUAL(content_of(*blobs[0]), std::string("first"));
  EXPECT_EQUAL(content_of(*blobs[1]), std::string("second"));
  // One that is left keeps what it needs.
  const auto last = blobs[2];
  blobs.clear();
  EXPECT_EQUAL(content_of(*last), std::string("third"));
  folder.write("c", "replaced");
  EXPECT_EQUAL(content_of(*last), stale);
}

TEST("a table that was put together has the same nodes, and takes others") {
  const Folder folder;
  const auto path = folder.write("a", "first");
  auto node = [&](fuse::NodeId id, std::uint64_t size) {
    fuse::Node made;
    made.kind = fuse::NodeKind::file;
    made.settled = true;
    made.size = size;
    made.content =
        fuse::FileContent{std::make_shared<PathBlob>(fuse::make_open_files(4), path, identity_of(path)), 0};
    return fuse::NodeUpdate{id, made};
  };
  const auto table = fuse::NodeTable().with({node(1, 5), node(400, 5)});
  const auto compacted = table->compacted();
  EXPECT(compacted->find(2) == nullptr && compacted->find(200) == nullptr);
  for (const fuse::NodeId id : {1, 400}) {
    EXPECT_EQUAL(content_of(*std::get<fuse::FileContent>(compacted->find(id)->content).blob),
                 std::string("first"));
  }
  const auto next = compacted->with({node(401, 7)})->compacted();
  EXPECT_EQUAL(next->find(401)->size, 7U);
  EXPECT_EQUAL(next->find(400)->size, 5U);
}

}  // namespace ikfs::test
