#pragma once

#include <memory>

#include "codec/decoder.h"

namespace ikfs {

/**
 * A decoder for one LZ4 frame of today's format, with all checksums verified. What is wrong with one is
 * decided as in src/codec/lz4-frame.ts.
 */
Result<std::unique_ptr<Decoder>> open_lz4_decoder();

}  // namespace ikfs
