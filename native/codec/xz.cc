#include "codec/xz.h"

#include <lzma.h>

#include <span>
#include <utility>
#include <vector>

namespace ikfs {

namespace {

/**
 * Memory that a decoder may take. The dictionary makes up nearly all of it: `xz -9` needs 65 MiB, kernel
 * images 33 MiB, and 129 MiB lets a dictionary of 128 MiB through.
 */
constexpr std::uint64_t kMemoryLimit = std::uint64_t{129} * 1024 * 1024;

/** Decoded bytes handed on at a time: few system calls, and still in the cache when they are scanned. */
constexpr std::size_t kPiece = 256 * 1024;

Failure describe(lzma_ret result) {
  switch (result) {
    case LZMA_BUF_ERROR:
      return {FailureCode::truncated, "the compressed stream is cut off"};
    case LZMA_FORMAT_ERROR:
      return {FailureCode::corrupt, "not the start of a compressed stream of this format"};
    case LZMA_OPTIONS_ERROR:
      return {FailureCode::unsupported, "the stream uses filters or options that liblzma does not know"};
    case LZMA_UNSUPPORTED_CHECK:
      return {FailureCode::unsupported, "the stream has a checksum that liblzma does not know"};
    case LZMA_MEMLIMIT_ERROR:
      return {FailureCode::limit, "the stream needs a dictionary of more than 128 MiB"};
    case LZMA_MEM_ERROR:
      return {FailureCode::limit, "out of memory for the decoder"};
    default:
      return {FailureCode::corrupt, "the compressed data is damaged"};
  }
}

class LzmaDecoder final : public Decoder {
 public:
  using Initialise = lzma_ret (*)(lzma_stream*);

  static Result<std::unique_ptr<Decoder>> open(Initialise initialise) {
    auto decoder = std::make_unique<LzmaDecoder>();
    const lzma_ret result = initialise(&decoder->stream_);
    if (result != LZMA_OK) return describe(result);
    return decoder;
  }

  LzmaDecoder() = default;
  LzmaDecoder(const LzmaDecoder&) = delete;
  LzmaDecoder& operator=(const LzmaDecoder&) = delete;
  ~LzmaDecoder() override { lzma_end(&stream_); }

  Result<Step> step(Bytes input, bool last) override {
    stream_.next_in = input.data();
    stream_.avail_in = input.size();
    const auto room = std::span(output_).subspan(filled_);
    stream_.next_out = room.data();
    stream_.avail_out = room.size();
    const lzma_ret result = lzma_code(&stream_, last ? LZMA_FINISH : LZMA_RUN);
    if (result != LZMA_OK && result != LZMA_STREAM_END) return describe(result);
    filled_ = output_.size() - stream_.avail_out;
    Step step{.read = input.size() - stream_.avail_in, .ended = result == LZMA_STREAM_END};
    // Handed on full, however the input was cut.
    if (filled_ == output_.size() || step.ended) {
      step.decoded = Bytes(output_).first(std::exchange(filled_, 0));
    }
    return step;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::vector<std::uint8_t> output_ = std::vector<std::uint8_t>(kPiece);
  /** Bytes of it that have not been handed on. */
  std::size_t filled_ = 0;
};

}  // namespace

Result<std::unique_ptr<Decoder>> open_xz_decoder() {
  return LzmaDecoder::open([](lzma_stream* stream) {
    return lzma_stream_decoder(stream, kMemoryLimit, LZMA_TELL_UNSUPPORTED_CHECK);
  });
}

Result<std::unique_ptr<Decoder>> open_lzma_decoder() {
  return LzmaDecoder::open([](lzma_stream* stream) { return lzma_alone_decoder(stream, kMemoryLimit); });
}

}  // namespace ikfs
