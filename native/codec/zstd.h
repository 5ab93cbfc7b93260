#pragma once

#include <memory>

#include "codec/decoder.h"

namespace ikfs {

/**
 * A decoder for one zstd frame (RFC 8878), with its checksum verified. Windows of up to 128 MiB and no
 * dictionaries, as in src/codec/zstd-frame.ts.
 */
Result<std::unique_ptr<Decoder>> open_zstd_decoder();

}  // namespace ikfs
