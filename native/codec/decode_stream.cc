#include "codec/decode_stream.h"

#include <vector>

namespace ikfs {

namespace {

/** Decoded bytes handed on at a time: few system calls, and still in the cache when they are scanned. */
constexpr std::size_t kBlock = 256 * 1024;

}  // namespace

Result<Decoded> decode_stream(const Codec& codec, Input& input, Output& output, std::uint64_t cap) {
  auto opened = codec.open();
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  Decoder& decoder = *std::get<std::unique_ptr<Decoder>>(opened);

  Decoded counts{0, 0};
  const auto failed = [&counts](Failure failure) {
    failure.offset = counts.consumed;
    return failure;
  };
  std::vector<std::uint8_t> block(kBlock);
  std::size_t filled = 0;
  Bytes chunk;
  bool last = false;
  for (bool ended = false; !ended;) {
    if (chunk.empty() && !last) {
      auto next = input.next();
      if (auto* failure = std::get_if<Failure>(&next)) return failed(std::move(*failure));
      chunk = std::get<Bytes>(next);
      last = chunk.empty();
    }
    auto stepped = decoder.step(chunk, std::span(block).subspan(filled), last);
    if (auto* failure = std::get_if<Failure>(&stepped)) return failed(std::move(*failure));
    const auto& step = std::get<Decoder::Step>(stepped);
    chunk = chunk.subspan(step.read);
    counts.consumed += step.read;
    filled += step.written;
    ended = step.ended;
    if (filled > cap - counts.produced) {
      return failed(
          {FailureCode::limit, "expands to more than the " + std::to_string(cap) + " bytes allowed"});
    }
    if (filled == block.size() || ended) {
      if (auto failure = output.write(Bytes(block.data(), filled))) return failed(std::move(*failure));
      counts.produced += filled;
      filled = 0;
    }
  }
  return counts;
}

}  // namespace ikfs
