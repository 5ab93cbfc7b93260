#pragma once

#include <memory>

#include "codec/decoder.h"

namespace ikfs {

/**
 * A decoder for one legacy LZ4 frame, as kernels are compressed with (lib/decompress_unlz4.c). Where the
 * frame ends, and what is wrong with it, is decided as in src/codec/lz4-legacy.ts.
 */
Result<std::unique_ptr<Decoder>> open_lz4_legacy_decoder();

}  // namespace ikfs
