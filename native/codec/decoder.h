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
    /** Bytes taken from the start of the input. */
    std::size_t read = 0;
    /** What came out; in the decoder's memory or in the input, until the next step. */
    Bytes decoded = {};
    /** Of all bytes read, how many at the end more is to come of. */
    std::size_t held = 0;
    /** The stream is complete; what is left of the input does not belong to it. */
    bool ended = false;
    /** Of all bytes read, how many at the end turned out not to belong to the stream; 0 until it has ended.
     */
    std::size_t surplus = 0;
  };

  virtual ~Decoder() = default;

  /**
   * Decodes some of `input`. Nothing need come of it, but all of it is taken within finitely many steps.
   * @param last whether no input follows; a stream that is not complete then is `truncated`
   */
  virtual Result<Step> step(Bytes input, bool last) = 0;
};

/** A compression that was compiled in. */
struct Codec {
  /** One of the names in src/codec/codec.ts. */
  std::string_view name;
  /** A decoder at the start of a stream. */
  Result<std::unique_ptr<Decoder>> (*open)();
};

/** All that were compiled in: those that need no library, and those whose libraries were there. */
std::span<const Codec> codecs();

/** The codec of that name, or nullptr. */
const Codec* find_codec(std::string_view name);

}  // namespace ikfs
