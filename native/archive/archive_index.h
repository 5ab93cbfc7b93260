#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/tar_scanner.h"

namespace ikfs {

/** Collects entries and encodes them as src/format/archive-index.ts describes. */
class ArchiveIndex final : public TarEntryReceiver {
 public:
  /** Fails with `limit` when all names together exceed 64 MiB. */
  Status receive(const TarEntry& entry) override;

  /** The encoded index of the entries received. */
  std::vector<std::uint8_t> encode() const;

 private:
  std::uint32_t count_ = 0;
  std::vector<std::uint8_t> records_;
  std::string pool_;
};

}  // namespace ikfs
