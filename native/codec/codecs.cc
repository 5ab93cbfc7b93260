#include <algorithm>

#include "codec/decoder.h"
#include "codec/lz4_frame.h"
#include "codec/lz4_legacy.h"
#ifdef IKFS_HAVE_LZMA
#include "codec/xz.h"
#endif
#ifdef IKFS_HAVE_ZSTD
#include "codec/zstd.h"
#endif

namespace ikfs {

namespace {

constexpr Codec kCodecs[] = {
#ifdef IKFS_HAVE_LZMA
    {"xz", open_xz_decoder},
    {"lzma", open_lzma_decoder},
#endif
#ifdef IKFS_HAVE_ZSTD
    {"zstd", open_zstd_decoder},
#endif
    {"lz4-legacy", open_lz4_legacy_decoder},
    {"lz4", open_lz4_decoder},
};

}  // namespace

std::span<const Codec> codecs() { return kCodecs; }

const Codec* find_codec(std::string_view name) {
  const auto all = codecs();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Codec& codec) { return codec.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace ikfs
