#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

/** Decodes one compressed stream, step by step. */
class Decoder {
 public:
  struct Step {
    std::size_t read;
    std::size_t written;
    /** The stream is complete; what is left of the input does not belong to it. */
    bool ended;
  };

  virtual ~Decoder() = default;

  /**
   * Decodes as much of `input` into `output` as fits.
   * @param last whether no input follows; a stream that is not complete then is `truncated`
   */
  virtual Result<Step> step(Bytes input, std::span<std::uint8_t> output, bool last) = 0;
};

/** A compression that was compiled in. */
struct Codec {
  /** One of the names in src/codec/codec.ts. */
  std::string_view name;
  /** A decoder at the start of a stream. */
  Result<std::unique_ptr<Decoder>> (*open)();
};

/** All that were compiled in; none where liblzma was not there. */
std::span<const Codec> codecs();

/** The codec of that name, or nullptr. */
const Codec* find_codec(std::string_view name);

}  // namespace ikfs
