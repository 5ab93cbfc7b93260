/**
 * Decodes bytes with one of the decoders that were compiled in, whole and in small pieces: both must come to
 * the same bytes, or to a failure, within the cap. The first byte of the input chooses the decoder and the
 * size of the pieces.
 */
#include <algorithm>
#include <utility>
#include <vector>

#include "codec/decode_stream.h"
#include "fuzz/check.h"

namespace ikfs {

namespace {

constexpr std::uint64_t kCap = 1024 * 1024;

/** Bytes in memory, handed out in pieces of one size. */
class PiecewiseInput final : public Input {
 public:
  PiecewiseInput(Bytes bytes, std::size_t piece) : rest_(bytes), piece_(piece) {}

  Result<Bytes> next() override {
    const auto piece = rest_.first(std::min(piece_, rest_.size()));
    rest_ = rest_.subspan(piece.size());
    // A copy of just that size: what a decoder reads beyond or keeps is then found.
    copy_ = std::vector<std::uint8_t>(piece.begin(), piece.end());
    return Bytes(copy_);
  }

 private:
  Bytes rest_;
  std::size_t piece_;
  std::vector<std::uint8_t> copy_;
};

struct Outcome {
  Result<Decoded> counts;
  std::vector<std::uint8_t> bytes;
};

Outcome decode(const Codec& codec, Bytes bytes, std::size_t piece) {
  PiecewiseInput input(bytes, piece);
  MemoryOutput output;
  auto counts = decode_stream(codec, input, output, kCap);
  Outcome outcome{std::move(counts), output.take()};
  CHECK(outcome.bytes.size() <= kCap);
  if (const auto* failure = std::get_if<Failure>(&outcome.counts)) {
    CHECK(failure->offset <= bytes.size());
  } else {
    const auto& decoded = std::get<Decoded>(outcome.counts);
    CHECK(decoded.consumed <= bytes.size());
    CHECK(decoded.produced == outcome.bytes.size());
  }
  return outcome;
}

void decode_both_ways(const Codec& codec, Bytes bytes, std::size_t piece) {
  const auto whole = decode(codec, bytes, bytes.size() + 1);
  const auto pieces = decode(codec, bytes, piece);
  CHECK(whole.counts.index() == pieces.counts.index());
  if (const auto* failure = std::get_if<Failure>(&whole.counts)) {
    // Which of damage and the cap is met first depends on how far one step goes.
    const auto other = std::get<Failure>(pieces.counts).code;
    CHECK(failure->code == other || failure->code == FailureCode::limit || other == FailureCode::limit);
    return;
  }
  CHECK(std::get<Decoded>(whole.counts).consumed == std::get<Decoded>(pieces.counts).consumed);
  CHECK(whole.bytes == pieces.bytes);
}

}  // namespace

}  // namespace ikfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = ikfs::codecs();
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] / all.size();
  ikfs::decode_both_ways(all[data[0] % all.size()], ikfs::Bytes(data + 1, size - 1), piece);
  return 0;
}
