#include "archive/index_archive.h"

#include "archive/archive_index.h"
#include "archive/tar_scanner.h"

namespace ikfs {

namespace {

/** Passes bytes on and shows them to the scanner. */
class ScannedOutput final : public Output {
 public:
  ScannedOutput(Output& output, TarScanner& scanner) : output_(output), scanner_(scanner) {}

  Status write(Bytes bytes) override {
    if (auto failure = scanner_.feed(bytes)) return failure;
    return output_.write(bytes);
  }

 private:
  Output& output_;
  TarScanner& scanner_;
};

}  // namespace

Result<IndexedArchive> index_archive(const Codec& codec, Input& input, Output& output,
                                     const ArchiveCaps& caps) {
  ArchiveIndex index;
  TarScanner scanner(index, caps.entries);
  ScannedOutput scanned(output, scanner);
  auto decoded = decode_stream(codec, input, scanned, caps.bytes);
  if (auto* failure = std::get_if<Failure>(&decoded)) return std::move(*failure);
  const auto counts = std::get<Decoded>(decoded);
  if (auto failure = scanner.finish()) {
    failure->offset = counts.consumed;
    return std::move(*failure);
  }
  return IndexedArchive{index.encode(), counts};
}

}  // namespace ikfs
