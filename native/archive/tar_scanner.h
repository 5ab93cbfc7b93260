#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "archive/pax_header.h"
#include "archive/tar_header.h"
#include "core/failure.h"
#include "core/input.h"

namespace ikfs {

enum class TarEntryKind : std::uint8_t { file = 0, directory = 1, link = 2 };

/** One entry, as its headers give it. The views are valid during the call that hands the entry over. */
struct TarEntry {
  TarEntryKind kind;
  /** Without a leading `./` and a trailing `/`; the root itself is empty. */
  std::string_view path;
  /** What a symbolic link points at; empty for others. */
  std::string_view target;
  /** Permission bits. */
  std::uint16_t mode;
  /** Length of a file's content, in bytes; 0 for others. */
  std::uint64_t size;
  /** Offset of the content in the archive, in bytes; 0 for others. */
  std::uint64_t offset;
};

/** Takes entries in the order of the archive. */
class TarEntryReceiver {
 public:
  virtual ~TarEntryReceiver() = default;
  virtual Status receive(const TarEntry& entry) = 0;
};

/**
 * Reads a tar archive fed in chunks of any size and hands its entries over. Content is skipped, never kept.
 *
 * Understood: the POSIX and the older GNU form, GNU's long names (`L`, `K`), and pax headers' path, linkpath
 * and size. A global pax header is skipped unless it names or sizes entries. Hard links, devices, FIFOs,
 * sparse files and names that are not UTF-8 are the failure `unsupported`. What a name means, such as `..`,
 * is not judged here. The first block of zeros ends the archive.
 */
class TarScanner {
 public:
  /**
   * @param receiver outlives the scanner
   * @param max_entries one more is the failure `limit`
   */
  TarScanner(TarEntryReceiver& receiver, std::uint64_t max_entries);

  /** Takes the next bytes of the archive. Nothing may be fed after a failure. */
  Status feed(Bytes bytes);

  /** To be called at the end of the input: `truncated` unless the archive's end was seen. */
  Status finish() const;

 private:
  enum class State { header, extension, skip, ended };

  /** Each takes a part of `bytes` from its front. */
  Status feed_header(Bytes& bytes);
  Status feed_extension(Bytes& bytes);
  void feed_skip(Bytes& bytes);

  Status take_header(TarBlock block);
  Status take_extension();
  Status take_entry(TarHeader header);
  /** Skips content and padding up to the next header. */
  void skip(std::uint64_t count);
  /** Removes `count` bytes from the front. */
  Bytes consume(Bytes& bytes, std::size_t count);
  /** The failure with the place of the last header added to its message. */
  Failure at_header(Failure failure) const;

  TarEntryReceiver& receiver_;
  const std::uint64_t max_entries_;
  std::uint64_t entries_ = 0;

  State state_ = State::header;
  /** Offset in the archive of the next byte to be fed. */
  std::uint64_t position_ = 0;
  std::uint64_t header_position_ = 0;
  /** A header of which only a part was fed so far. */
  std::array<std::uint8_t, kTarBlock> partial_{};
  std::size_t partial_size_ = 0;
  std::uint64_t skip_ = 0;

  /** The header of type L, K, x or g whose content is being collected. */
  char extension_type_ = 0;
  std::size_t extension_size_ = 0;
  std::string extension_;

  /** What such headers say about the entry that follows them. */
  struct {
    std::string path;
    std::string target;
    PaxHeader pax;
    bool any = false;
  } pending_;
};

}  // namespace ikfs
