#pragma once

#include <memory>

#include "codec/decoder.h"

namespace ikfs {

/** A decoder for one .xz stream (https://tukaani.org/xz/xz-file-format.txt), with all checks verified. */
Result<std::unique_ptr<Decoder>> open_xz_decoder();

/** A decoder for one .lzma stream: the older format without checks that liblzma calls LZMA_Alone. */
Result<std::unique_ptr<Decoder>> open_lzma_decoder();

}  // namespace ikfs
