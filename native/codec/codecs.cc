#include <algorithm>
#include <array>

#include "codec/decoder.h"
#ifdef IKFS_HAVE_LZMA
#include "codec/xz.h"
#endif

namespace ikfs {

namespace {

#ifdef IKFS_HAVE_LZMA
constexpr std::array<Codec, 2> kCodecs = {{{"xz", open_xz_decoder}, {"lzma", open_lzma_decoder}}};
#else
constexpr std::array<Codec, 0> kCodecs = {};
#endif

}  // namespace

std::span<const Codec> codecs() { return kCodecs; }

const Codec* find_codec(std::string_view name) {
  const auto all = codecs();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Codec& codec) { return codec.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace ikfs
