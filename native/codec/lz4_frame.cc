#include "codec/lz4_frame.h"

#include <optional>

#include "codec/field_decoder.h"
#include "codec/little_endian.h"
#include "codec/lz4_block.h"
#include "codec/xxh32.h"

namespace ikfs {

namespace {

/* LZ4's doc/lz4_Frame_format.md; numbers are little-endian. */
constexpr std::uint64_t kMagic = 0x184d2204;
constexpr std::size_t kNumber = 4;
constexpr std::size_t kContentSize = 8;
/** The magic and the two bytes of flags that say how long the rest of the header is. */
constexpr std::size_t kHeaderStart = kNumber + 2;

/** The first byte of flags. */
constexpr unsigned kVersion = 0xc0;
constexpr unsigned kVersion1 = 0x40;
constexpr unsigned kIndependent = 0x20;
constexpr unsigned kBlockChecksums = 0x10;
constexpr unsigned kHasContentSize = 0x08;
constexpr unsigned kHasContentChecksum = 0x04;
constexpr unsigned kReserved = 0x02;
constexpr unsigned kHasDictionary = 0x01;
/** The bits of the second that have no meaning yet; the others are the largest block's size. */
constexpr unsigned kReservedToo = 0x8f;

/** A block's size: whether it is stored as it is, and its length. */
constexpr std::uint64_t kStored = 0x80000000;

Failure corrupt(const char* what) { return {FailureCode::corrupt, what}; }

class Lz4FrameDecoder final : public FieldDecoder {
 public:
  Lz4FrameDecoder() : FieldDecoder(kHeaderStart) {}

 private:
  enum class Field { header_start, header_rest, size, block, content_checksum };

  Result<Next> take(Bytes field) override {
    switch (field_) {
      case Field::header_start:
        return take_header_start(field);
      case Field::header_rest:
        return take_header_rest(field);
      case Field::size:
        return take_size(little_endian(field));
      case Field::block:
        return take_block(field);
      default:
        if (little_endian(field) != content_.digest()) return corrupt("the lz4 content checksum is wrong");
        return Next{.ended = true};
    }
  }

  Result<Next> take_header_start(Bytes field) {
    if (little_endian(field.first(kNumber)) != kMagic) return corrupt("not an lz4 frame");
    const auto flags = field.subspan(kNumber);
    flags_ = flags[0];
    const unsigned size_code = flags[1] >> 4;
    if ((flags_ & kVersion) != kVersion1 || (flags_ & kReserved) || (flags[1] & kReservedToo)) {
      return Failure{FailureCode::unsupported, "an lz4 frame of another version"};
    }
    if (size_code < 4) return corrupt("the lz4 frame's block size is none");
    // 64 KiB, 256 KiB, 1 MiB, 4 MiB.
    largest_ = std::size_t{1} << (8 + 2 * size_code);
    header_.update(flags);
    field_ = Field::header_rest;
    return Next{.wanted =
                    (has(kHasContentSize) ? kContentSize : 0) + (has(kHasDictionary) ? kNumber : 0) + 1};
  }

  Result<Next> take_header_rest(Bytes field) {
    const auto numbers = field.first(field.size() - 1);
    header_.update(numbers);
    if ((header_.digest() >> 8 & 0xff) != field.back()) return corrupt("the lz4 header checksum is wrong");
    if (has(kHasContentSize)) content_size_ = little_endian(numbers.first(kContentSize));
    if (has(kHasDictionary) && little_endian(numbers.last(kNumber)) != 0) {
      return Failure{FailureCode::unsupported, "the lz4 frame needs a dictionary"};
    }
    blocks_.emplace(largest_, !has(kIndependent));
    return next_size();
  }

  Next next_size() {
    field_ = Field::size;
    return {.wanted = kNumber};
  }

  Result<Next> take_size(std::uint64_t size) {
    if (size == 0) return take_end_mark();
    stored_ = (size & kStored) != 0;
    const std::size_t length = size & ~kStored;
    if (length > largest_) return corrupt("an lz4 block is longer than the frame allows");
    field_ = Field::block;
    return Next{.wanted = length + (has(kBlockChecksums) ? kNumber : 0)};
  }

  /** @param field the block and, if the frame has them, its checksum */
  Result<Next> take_block(Bytes field) {
    const auto block = field.first(field.size() - (has(kBlockChecksums) ? kNumber : 0));
    if (has(kBlockChecksums) && !blocks_->is_underway() &&
        little_endian(field.last(kNumber)) != xxh32(block)) {
      return corrupt("an lz4 block's checksum is wrong");
    }
    Lz4Blocks::Piece piece{block, true};
    if (stored_) {
      blocks_->store(block);
    } else {
      auto decoded = blocks_->decode(block);
      if (auto* failure = std::get_if<Failure>(&decoded)) return std::move(*failure);
      piece = std::get<Lz4Blocks::Piece>(decoded);
    }
    produced_ += piece.bytes.size();
    if (has(kHasContentChecksum)) content_.update(piece.bytes);
    if (!piece.last) return Next{.decoded = piece.bytes, .unfinished = true};
    auto next = next_size();
    next.decoded = piece.bytes;
    return next;
  }

  Result<Next> take_end_mark() {
    if (content_size_ && *content_size_ != produced_) return corrupt("the lz4 content has another size");
    if (!has(kHasContentChecksum)) return Next{.ended = true};
    field_ = Field::content_checksum;
    return Next{.wanted = kNumber};
  }

  bool has(unsigned flag) const { return (flags_ & flag) != 0; }

  Field field_ = Field::header_start;
  unsigned flags_ = 0;
  /** The most that a block has, as it is and expanded. */
  std::size_t largest_ = 0;
  std::optional<std::uint64_t> content_size_;
  bool stored_ = false;
  std::uint64_t produced_ = 0;
  std::optional<Lz4Blocks> blocks_;
  Xxh32 header_;
  Xxh32 content_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_lz4_decoder() { return std::make_unique<Lz4FrameDecoder>(); }

}  // namespace ikfs
