/** INIT, with kernels old and new. */
#include <cerrno>

#include "test/served.h"

namespace ikfs::test {

namespace {

namespace flag = fuse::init_flag;

constexpr std::uint32_t no_minor = 0;

/** OPEN and OPENDIR after an INIT with these flags. */
void expect_opens(Served& served, int open_error, int opendir_error) {
  EXPECT_EQUAL(served.kernel().ask(fuse::Opcode::open, sample::hello, {}).error, open_error);
  EXPECT_EQUAL(served.kernel().ask(fuse::Opcode::opendir, sample::root, {}).error, opendir_error);
}

}  // namespace

TEST("kernels before 7.23 get the short answer to INIT in their own version, later ones all of it") {
  struct Case {
    std::uint32_t kernel, agreed;
    std::size_t size;
  };
  for (const auto& [kernel, agreed, size] : {
           Case{12, 12, 24},
           Case{22, 22, 24},
           Case{23, 23, 64},
           Case{26, 26, 64},
           Case{31, 31, 64},
           Case{41, 41, 64},
           Case{45, fuse::protocol_minor, 64},
       }) {
    Served served(sample_tree(), 1, no_minor);
    EXPECT(!served.session().dispatcher().ready());
    const auto answer = served.init(7, kernel);
    EXPECT_EQUAL(answer.error, 0);
    EXPECT_EQUAL(answer.body.size(), size);
    fuse::InitOut out{};
    std::memcpy(&out, answer.body.data(), size);
    EXPECT_EQUAL(out.major, 7U);
    EXPECT_EQUAL(out.minor, agreed);
    EXPECT_EQUAL(out.max_readahead, 128U * 1024);
    EXPECT(out.max_background > 0 && out.congestion_threshold <= out.max_background);
    EXPECT(out.max_write >= 4096);
    if (size > 24) EXPECT(out.max_pages > 0);
    EXPECT(served.session().dispatcher().ready());
    EXPECT_EQUAL(served.kernel().lookup(sample::root, "hello").as<fuse::EntryOut>().node, sample::hello);
  }
}

TEST("a kernel with a newer major version is told ours, and sends a second INIT") {
  Served served(sample_tree(), 1, no_minor);
  const auto first = served.init(8, 3);
  EXPECT_EQUAL(first.error, 0);
  EXPECT_EQUAL(first.body.size(), 8U);
  std::uint32_t major = 0;
  std::memcpy(&major, first.body.data(), sizeof(major));
  EXPECT_EQUAL(major, 7U);
  EXPECT(!served.session().dispatcher().ready());
  EXPECT_EQUAL(served.init(7, 41).body.size(), 64U);
  EXPECT(served.session().dispatcher().ready());
}

TEST("a protocol that is too old is refused with EPROTO") {
  for (const auto& [major, minor] : {std::pair{7U, 11U}, {7U, 0U}, {6U, 99U}, {0U, 0U}}) {
    Served served(sample_tree(), 1, no_minor);
    EXPECT_EQUAL(served.init(major, minor).error, EPROTO);
    EXPECT(!served.session().dispatcher().ready());
  }
}

TEST("INIT takes no flag that the kernel has not offered") {
  for (const std::uint32_t offered :
       {0U, flag::async_read, flag::no_open_support | flag::max_pages, ~0U & ~flag::no_opendir_support}) {
    Served served(sample_tree(), 1, no_minor);
    const auto out = served.init(7, 41, offered).as<fuse::InitOut>();
    EXPECT_EQUAL(out.flags & ~offered, 0U);
    EXPECT_EQUAL(out.max_pages != 0, (offered & flag::max_pages) != 0);
  }
}

TEST("OPEN and OPENDIR are answered ENOSYS only where the kernel offers it") {
  {
    Served served(sample_tree(), 1, no_minor);
    served.init(7, 41);
    expect_opens(served, ENOSYS, ENOSYS);
  }
  {
    Served served(sample_tree(), 1, no_minor);
    served.init(7, 28, flag::no_open_support);
    expect_opens(served, ENOSYS, 0);
  }
  Served served(sample_tree(), 1, no_minor);
  served.init(7, 12, 0);
  const auto open = served.kernel().ask(fuse::Opcode::open, sample::hello);
  EXPECT_EQUAL(open.body.size(), sizeof(fuse::OpenOut));
  EXPECT_EQUAL(open.as<fuse::OpenOut>().flags, fuse::open_flag::keep_cache);
  const auto opendir = served.kernel().ask(fuse::Opcode::opendir, sample::root);
  EXPECT_EQUAL(opendir.as<fuse::OpenOut>().flags, fuse::open_flag::keep_cache | fuse::open_flag::cache_dir);
}

}  // namespace ikfs::test
