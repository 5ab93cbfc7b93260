#include "codec/lz4_legacy.h"

#include <utility>

#include "codec/field_decoder.h"
#include "codec/little_endian.h"
#include "codec/lz4_block.h"

namespace ikfs {

namespace {

/* Section "Legacy frame" of LZ4's doc/lz4_Frame_format.md; numbers are little-endian. */
constexpr std::uint64_t kMagic = 0x184c2102;
constexpr std::size_t kNumber = 4;
/** What every block but the last expands to. */
constexpr std::size_t kBlock = 8 * 1024 * 1024;
/** The most that this can be compressed to (LZ4_COMPRESSBOUND of lz4.h). */
constexpr std::size_t kLongest = kBlock + kBlock / 255 + 16;

class Lz4LegacyDecoder final : public FieldDecoder {
 public:
  Lz4LegacyDecoder() : FieldDecoder(kNumber), blocks_(kBlock, false) {}

 private:
  enum class Field { magic, size, block };

  Result<Next> take(Bytes field) override {
    switch (field_) {
      case Field::magic:
        if (little_endian(field) != kMagic) return Failure{FailureCode::corrupt, "not a legacy lz4 frame"};
        field_ = Field::size;
        return Next{.wanted = kNumber};
      case Field::size:
        size_ = little_endian(field);
        // A size that no block can have belongs to what follows the frame.
        if (size_ == 0 || size_ > kLongest) return Next{.ended = true, .surplus = kNumber};
        field_ = Field::block;
        return Next{.wanted = size_};
      default:
        return take_block(field);
    }
  }

  Result<Next> take_block(Bytes block) {
    auto decoded = blocks_.decode(block);
    if (auto* failure = std::get_if<Failure>(&decoded)) return std::move(*failure);
    const auto& [bytes, last] = std::get<Lz4Blocks::Piece>(decoded);
    in_block_ += bytes.size();
    if (!last) return Next{.decoded = bytes, .unfinished = true};
    const bool full = in_block_ == kBlock;
    produced_ += std::exchange(in_block_, 0);
    field_ = Field::size;
    return Next{.wanted = kNumber, .decoded = bytes, .ended = !full};
  }

  Result<Next> take_end(std::size_t gathered) override {
    if (gathered == 0 && field_ == Field::size) return Next{.ended = true};
    // What looks like a size is the appended one where it equals what has come out and nothing follows.
    if (gathered == 0 && field_ == Field::block && size_ == produced_) {
      return Next{.ended = true, .surplus = kNumber};
    }
    return FieldDecoder::take_end(gathered);
  }

  Field field_ = Field::magic;
  /** Of the block that follows. */
  std::size_t size_ = 0;
  /** What has come out of it so far, and of all blocks before. */
  std::size_t in_block_ = 0;
  std::uint64_t produced_ = 0;
  Lz4Blocks blocks_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_lz4_legacy_decoder() { return std::make_unique<Lz4LegacyDecoder>(); }

}  // namespace ikfs
