/** Requests that no kernel sends. They are refused or dropped; the session goes on. */
#include <cerrno>

#include "test/served.h"

namespace ikfs::test {

using fuse::Bytes;
using fuse::InHeader;
using fuse::Opcode;

namespace {

constexpr std::uint64_t our_unique = 1'000'001;

/** A header and some bytes, as a message. */
std::vector<std::uint8_t> message(InHeader header, const std::vector<std::uint8_t>& body) {
  const auto bytes = fuse::bytes_of(header);
  std::vector<std::uint8_t> all(bytes.begin(), bytes.end());
  all.insert(all.end(), body.begin(), body.end());
  return all;
}

InHeader header_of(Opcode opcode, std::size_t length) {
  InHeader header{};
  header.length = static_cast<std::uint32_t>(length);
  header.opcode = static_cast<std::uint32_t>(opcode);
  header.unique = our_unique;
  header.node = sample::root;
  return header;
}

}  // namespace

TEST("less than a header is dropped") {
  Served served;
  const std::vector<std::uint8_t> bytes(sizeof(InHeader), 0xff);
  for (std::size_t length = 1; length < sizeof(InHeader); ++length) {
    served.kernel().send_raw(Bytes(bytes).first(length));
  }
  served.settle();
  EXPECT_EQUAL(served.kernel().complaint(), "");
}

TEST("a message that is not as long as it says is EIO") {
  Served served;
  for (const std::size_t claimed : {0U, 39U, 41U, 48U, 1U << 31}) {
    served.kernel().send_raw(message(header_of(Opcode::getattr, claimed), {}), our_unique);
    EXPECT_EQUAL(served.kernel().answer_to(our_unique).error, EIO);
  }
  // Longer than the room for a request: it arrives cut off.
  const std::vector<std::uint8_t> body(20000);
  served.kernel().send_raw(message(header_of(Opcode::setxattr, 20040), body), our_unique);
  EXPECT_EQUAL(served.kernel().answer_to(our_unique).error, EIO);
  EXPECT_EQUAL(served.kernel().complaint(), "");
}

TEST("a body that is too short, or a name without an end, is EIO") {
  Served served;
  for (const auto opcode :
       {Opcode::init, Opcode::lookup, Opcode::read, Opcode::readdir, Opcode::readdirplus}) {
    for (std::size_t length = 0; length < 16; ++length) {
      const std::vector<std::uint8_t> body(length, 'x');
      EXPECT_EQUAL(served.kernel().ask(opcode, sample::root, {body}).error, EIO);
    }
  }
  const std::vector<std::uint8_t> only_nul(1);
  EXPECT_EQUAL(served.kernel().ask(Opcode::lookup, sample::root, {only_nul}).error, EIO);
  const std::vector<std::uint8_t> endless(8000, 'x');
  EXPECT_EQUAL(served.kernel().ask(Opcode::lookup, sample::root, {endless}).error, EIO);
}

TEST("a name ends at its NUL, whatever follows, and may be of any length") {
  Served served;
  const std::string two("hello\0rest\0", 11);
  EXPECT_EQUAL(served.kernel().lookup(sample::root, two).as<fuse::EntryOut>().node, sample::hello);
  EXPECT_EQUAL(served.kernel().lookup(sample::root, std::string(8000, 'x')).as<fuse::EntryOut>().node, 0U);
  EXPECT_EQUAL(served.kernel().lookup(sample::root, "\xff\xfe\x01").as<fuse::EntryOut>().node, 0U);
}

TEST("INTERRUPT without a request in it is dropped") {
  Served served;
  for (std::size_t length = 0; length < sizeof(fuse::InterruptIn); ++length) {
    const std::vector<std::uint8_t> body(length);
    served.kernel().send(Opcode::interrupt, 0, {body});
  }
  served.settle();
  EXPECT_EQUAL(served.kernel().complaint(), "");
}

}  // namespace ikfs::test
