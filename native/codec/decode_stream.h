#pragma once

#include <cstdint>

#include "codec/decoder.h"
#include "core/output.h"

namespace ikfs {

struct Decoded {
  /** Input bytes up to the end of the compressed stream. */
  std::uint64_t consumed;
  std::uint64_t produced;
};

/**
 * Decodes one stream from the start of `input` to `output`; bytes after the stream are left alone.
 * A failure's offset is the number of input bytes of which all came out before it; where the input ends too
 * soon, its end.
 * @param cap the most bytes that may come out; one more is the failure `limit`
 */
Result<Decoded> decode_stream(const Codec& codec, Input& input, Output& output, std::uint64_t cap);

}  // namespace ikfs
