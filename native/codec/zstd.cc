#include "codec/zstd.h"

// For ZSTD_createDCtx_advanced.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "codec/field_decoder.h"
#include "codec/large_memory.h"
#include "codec/little_endian.h"

namespace ikfs {

namespace {

/* The frame header (RFC 8878 section 3.1.1.1). */
constexpr std::uint64_t kMagic = 0xfd2fb528;
constexpr std::size_t kMagicSize = 4;
/** The magic and the byte that says which fields follow. */
constexpr std::size_t kHeaderStart = kMagicSize + 1;
constexpr unsigned kReserved = 0x08;
constexpr unsigned kSingleSegment = 0x20;
constexpr unsigned kHasChecksum = 0x04;
constexpr std::size_t kChecksum = 4;

/** A block's header (section 3.1.1.2): whether it is the last, its type, and a size. */
constexpr std::size_t kBlockHeader = 3;
/** The most that a block of any frame has, as it is and expanded. */
constexpr std::uint64_t kLargestBlock = 128 * 1024;

/** What a content size of two bytes counts from. */
constexpr std::uint64_t kShortContent = 256;

/**
 * The largest window: what `zstd --ultra -22` uses, with which kernels are compressed (scripts/Makefile.lib),
 * as in src/codec/zstd-frame.ts.
 */
constexpr int kWindowLog = 27;
constexpr std::uint64_t kLargestWindow = std::uint64_t{1} << kWindowLog;

/** What a JavaScript number counts to; src/bytes/cursor.ts takes nothing larger. */
constexpr std::uint64_t kLargestNumber = (std::uint64_t{1} << 53) - 1;

Failure corrupt(const std::string& what) {
  return {FailureCode::corrupt, "the zstd frame is damaged: " + what};
}

/** Bytes of a window that is given by a byte: a power of two from 1 KiB, and eighths of it. */
std::uint64_t window_size(unsigned descriptor) {
  const std::uint64_t base = std::uint64_t{1} << (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 0x07);
}

Failure describe(std::size_t result) {
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) {
    return {FailureCode::limit, "out of memory for the decoder"};
  }
  return corrupt(ZSTD_getErrorName(result));
}

void* allocate(void*, std::size_t size) { return allocate_large(size); }
void release(void*, void* memory) { release_large(memory); }

/**
 * Takes a frame apart as src/codec/zstd-frame.ts does and gives libzstd its parts, each whole. Left to
 * itself, libzstd takes frames of older versions and those to be skipped, and any window of a frame that it
 * is given at once; and how much input it takes for the same output depends on how the input is cut.
 */
class ZstdDecoder final : public FieldDecoder {
 public:
  static Result<std::unique_ptr<Decoder>> open() {
    auto decoder = std::make_unique<ZstdDecoder>();
    ZSTD_DCtx* context = decoder->context_.get();
    if (context == nullptr) return Failure{FailureCode::limit, "out of memory for the decoder"};
    const auto result = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, kWindowLog);
    if (ZSTD_isError(result)) return describe(result);
    return decoder;
  }

  ZstdDecoder() : FieldDecoder(kHeaderStart) {}

 private:
  enum class Field { header_start, header_rest, block_header, block, checksum };
  enum class BlockType { raw, run, compressed, reserved };

  Result<Next> take(Bytes field) override {
    switch (field_) {
      case Field::header_start:
        return take_header_start(field);
      case Field::header_rest:
        return take_header_rest(field);
      case Field::block_header:
        return take_block_header(field);
      case Field::block:
        return decode(field, field_behind_block());
      default:
        return decode(field, Next{.ended = true});
    }
  }

  Result<Next> take_header_start(Bytes field) {
    const unsigned descriptor = field.back();
    if (little_endian(field.first(kMagicSize)) != kMagic || (descriptor & kReserved)) {
      return corrupt("not the start of a frame");
    }
    header_.assign(field.begin(), field.end());
    window_ = (descriptor & kSingleSegment) ? 0 : 1;
    dictionary_ = std::array<std::size_t, 4>{0, 1, 2, 4}[descriptor & 0x03];
    content_ = std::array<std::size_t, 4>{1 - window_, 2, 4, 8}[descriptor >> 6];
    has_checksum_ = (descriptor & kHasChecksum) != 0;
    return want(Field::header_rest, window_ + dictionary_ + content_);
  }

  Result<Next> take_header_rest(Bytes field) {
    if (little_endian(field.subspan(window_, dictionary_)) != 0) {
      return Failure{FailureCode::unsupported, "the zstd frame needs a dictionary"};
    }
    const auto content = little_endian(field.last(content_));
    if (content > kLargestNumber) return corrupt("its size is impossibly large");
    const auto size = content + (content_ == 2 ? kShortContent : 0);
    const auto window = window_ == 0 ? size : window_size(field[0]);
    if (window > kLargestWindow) {
      return Failure{FailureCode::limit, "the zstd frame needs a window of more than 128 MiB"};
    }
    largest_block_ = std::min(window, kLargestBlock);
    header_.insert(header_.end(), field.begin(), field.end());
    return decode(header_, want(Field::block_header, kBlockHeader));
  }

  Result<Next> take_block_header(Bytes field) {
    const auto header = little_endian(field);
    const auto type = static_cast<BlockType>(header >> 1 & 0x03);
    const std::size_t size = header >> 3;
    if (type == BlockType::reserved) return corrupt("a block of the reserved type");
    if (size > largest_block_) return corrupt("a block that is too long");
    if (type == BlockType::compressed && size == 0) return corrupt("an empty block");
    last_block_ = (header & 1) != 0;
    const std::size_t length = type == BlockType::run ? 1 : size;
    return decode(field, length == 0 ? field_behind_block() : want(Field::block, length));
  }

  Next field_behind_block() {
    if (!last_block_) return want(Field::block_header, kBlockHeader);
    return has_checksum_ ? want(Field::checksum, kChecksum) : Next{.ended = true};
  }

  Next want(Field field, std::size_t length) {
    field_ = field;
    return Next{.wanted = length};
  }

  /** Gives libzstd a field. @returns `next`, with what came out */
  Result<Next> decode(Bytes field, Next next) {
    ZSTD_inBuffer in{field.data(), field.size(), 0};
    ZSTD_outBuffer out{output_.data(), output_.size(), 0};
    const auto result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result)) return describe(result);
    // There is room for all that can come of one field, and only of the last nothing more is to come.
    if (in.pos != in.size || (result == 0) != next.ended) return corrupt("its blocks do not add up");
    next.decoded = Bytes(output_).first(out.pos);
    return next;
  }

  Field field_ = Field::header_start;
  std::vector<std::uint8_t> header_;
  /** Lengths of the header's fields, which follow each other in this order. */
  std::size_t window_ = 0;
  std::size_t dictionary_ = 0;
  std::size_t content_ = 0;
  bool has_checksum_ = false;
  std::uint64_t largest_block_ = 0;
  bool last_block_ = false;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_{
      ZSTD_createDCtx_advanced({allocate, release, nullptr}), ZSTD_freeDCtx};
  std::vector<std::uint8_t> output_ = std::vector<std::uint8_t>(kLargestBlock);
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_zstd_decoder() { return ZstdDecoder::open(); }

}  // namespace ikfs
