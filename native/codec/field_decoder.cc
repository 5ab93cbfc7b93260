#include "codec/field_decoder.h"

#include <algorithm>

namespace ikfs {

Result<Decoder::Step> FieldDecoder::step(Bytes input, bool last) {
  const std::size_t read = std::min(wanted_ - gathered_.size(), input.size());
  Bytes field = input.first(read);
  if (gathered_.size() + read < wanted_ || !gathered_.empty()) {
    gathered_.reserve(wanted_);
    gathered_.insert(gathered_.end(), field.begin(), field.end());
    field = gathered_;
  }
  const bool whole = field.size() == wanted_;
  if (!whole && !last) return Step{.read = read};
  auto taken = whole ? take(field) : take_end(field.size());
  if (auto* failure = std::get_if<Failure>(&taken)) return std::move(*failure);
  const auto& next = std::get<Next>(taken);
  if (next.unfinished) {
    // By then the input may be gone.
    if (gathered_.empty()) gathered_.assign(field.begin(), field.end());
    return Step{.read = read, .decoded = next.decoded, .held = wanted_};
  }
  gathered_.clear();
  wanted_ = next.wanted;
  return Step{.read = read, .decoded = next.decoded, .ended = next.ended, .surplus = next.surplus};
}

Result<FieldDecoder::Next> FieldDecoder::take_end(std::size_t) {
  return Failure{FailureCode::truncated, "the compressed stream is cut off"};
}

}  // namespace ikfs
