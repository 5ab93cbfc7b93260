#include "codec/decode_stream.h"

#include <string>

namespace ikfs {

namespace {

Failure at(std::uint64_t offset, Failure failure) {
  failure.offset = offset;
  return failure;
}

}  // namespace

Result<Decoded> decode_stream(const Codec& codec, Input& input, Output& output, std::uint64_t cap) {
  auto opened = codec.open();
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  Decoder& decoder = *std::get<std::unique_ptr<Decoder>>(opened);

  Decoded counts{0, 0};
  // Input up to which all has come out: unlike what was consumed, it does not depend on how the input is cut.
  std::uint64_t decoded_to = 0;
  Bytes chunk;
  bool last = false;
  for (bool ended = false; !ended;) {
    if (chunk.empty() && !last) {
      auto next = input.next();
      if (auto* failure = std::get_if<Failure>(&next)) return at(counts.consumed, std::move(*failure));
      chunk = std::get<Bytes>(next);
      last = chunk.empty();
    }
    auto stepped = decoder.step(chunk, last);
    if (auto* failure = std::get_if<Failure>(&stepped)) {
      const bool truncated = failure->code == FailureCode::truncated;
      return at(truncated ? counts.consumed : decoded_to, std::move(*failure));
    }
    const auto& step = std::get<Decoder::Step>(stepped);
    chunk = chunk.subspan(step.read);
    counts.consumed += step.read;
    ended = step.ended;
    if (step.decoded.size() > cap - counts.produced) {
      return at(decoded_to,
                {FailureCode::limit, "expands to more than the " + std::to_string(cap) + " bytes allowed"});
    }
    if (!step.decoded.empty()) {
      if (auto failure = output.write(step.decoded)) return at(decoded_to, std::move(*failure));
      counts.produced += step.decoded.size();
      decoded_to = counts.consumed - step.held;
    }
    if (ended) counts.consumed -= step.surplus;
  }
  return counts;
}

}  // namespace ikfs
