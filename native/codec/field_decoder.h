#pragma once

#include <vector>

#include "codec/decoder.h"

namespace ikfs {

/**
 * A decoder of a format whose fields and blocks are each needed whole: gathers one after the other, however
 * the input is cut into pieces.
 */
class FieldDecoder : public Decoder {
 public:
  Result<Step> step(Bytes input, bool last) final;

 protected:
  /** What a field has come to. */
  struct Next {
    /** Length of the next field; without meaning when the stream has ended. */
    std::size_t wanted = 0;
    /** As in Step. */
    Bytes decoded = {};
    /** More is to come of this field: it is handed in once more, instead of the next. */
    bool unfinished = false;
    bool ended = false;
    std::size_t surplus = 0;
  };

  /** @param first length of the first field */
  explicit FieldDecoder(std::size_t first) : wanted_(first) {}

  /** Takes a field of the length asked for. */
  virtual Result<Next> take(Bytes field) = 0;

  /**
   * Whether the stream may end where the input does.
   * @param gathered how much of the next field is there
   * @returns how the stream has ended; unless overridden it is `truncated`
   */
  virtual Result<Next> take_end(std::size_t gathered);

 private:
  std::size_t wanted_;
  /** The part of a field that came in earlier pieces, or a field that is unfinished. */
  std::vector<std::uint8_t> gathered_;
};

}  // namespace ikfs
