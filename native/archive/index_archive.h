#pragma once

#include <cstdint>
#include <vector>

#include "codec/decode_stream.h"
#include "core/input.h"
#include "core/output.h"

namespace ikfs {

struct ArchiveCaps {
  /** Most bytes that the archive may expand to. */
  std::uint64_t bytes;
  std::uint64_t entries;
};

struct IndexedArchive {
  /** Encoded as src/format/archive-index.ts describes. */
  std::vector<std::uint8_t> index;
  Decoded counts;
};

/** Decodes a compressed tar archive to `output` and indexes it on the way. */
Result<IndexedArchive> index_archive(const Codec& codec, Input& input, Output& output,
                                     const ArchiveCaps& caps);

}  // namespace ikfs
