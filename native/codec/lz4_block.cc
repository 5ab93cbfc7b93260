#include "codec/lz4_block.h"

#include <lz4.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace ikfs {

namespace {

/** How far back a match reaches at the most, and one more. */
constexpr std::size_t kHistory = 64 * 1024;

/** Values of the token's halves that are continued in the bytes that follow, each up to this one. */
constexpr std::size_t kContinued = 15;
constexpr std::uint8_t kFurther = 255;

constexpr std::size_t kShortestMatch = 4;
/** How a block ends: so many last bytes are literals, and its last match begins so far from its end. */
constexpr std::size_t kLastLiterals = 5;
constexpr std::size_t kLastMatch = 12;

/**
 * Goes on with a length of which a half of a token is known, through the bytes that continue it.
 * @param at the next byte of the block, moved on
 * @returns whether the length ends before the block does
 */
bool read_length(const std::uint8_t*& at, const std::uint8_t* end, std::size_t& length) {
  if (length < kContinued) return true;
  while (at < end) {
    const auto more = *at++;
    length += more;
    if (more != kFurther) return true;
  }
  return false;
}

/**
 * How many bytes a block expands to, or nothing when it breaks the format's rules. liblz4 alone would not do:
 * it takes an offset of 0 and leaves what it stands for to chance, and which of the rules for a block's end
 * it holds to differs from version to version. It accepts all that follows them.
 * @param history bytes before the block that matches may refer to
 */
std::optional<std::size_t> expanded_size(Bytes block, std::size_t most, std::size_t history) {
  const std::uint8_t* at = block.data();
  const std::uint8_t* const end = at + block.size();
  std::size_t size = 0;
  std::optional<std::size_t> match_start;
  while (at < end) {
    const std::size_t token = *at++;
    std::size_t literals = token >> 4;
    if (!read_length(at, end, literals)) return {};
    if (literals > static_cast<std::size_t>(end - at) || literals > most - size) return {};
    at += literals;
    size += literals;
    if (at == end) {
      const bool ends_well = !match_start || (literals >= kLastLiterals && size - *match_start >= kLastMatch);
      return ends_well ? std::optional(size) : std::nullopt;
    }
    if (end - at < 2) return {};
    const std::size_t offset = at[0] | at[1] << 8;
    at += 2;
    if (offset == 0 || offset > history + size) return {};
    std::size_t match = token & 0xf;
    if (!read_length(at, end, match)) return {};
    match += kShortestMatch;
    if (match > most - size) return {};
    match_start = size;
    size += match;
  }
  return {};
}

}  // namespace

// Not cleared: no byte of it is read that was not written before.
Lz4Blocks::Lz4Blocks(std::size_t most, bool linked)
    : most_(most),
      linked_(linked),
      memory_(std::make_unique_for_overwrite<std::uint8_t[]>(kHistory + most)) {}

std::uint8_t* Lz4Blocks::output() const { return memory_.get() + kHistory; }

void Lz4Blocks::keep_history() {
  if (!linked_) return;
  const std::size_t kept = std::min(history_ + produced_, kHistory);
  std::memmove(output() - kept, output() + produced_ - kept, kept);
  history_ = kept;
}

Result<Bytes> Lz4Blocks::decode(Bytes block) {
  keep_history();
  const auto size = expanded_size(block, most_, history_);
  const auto* source = reinterpret_cast<const char*>(block.data());
  auto* target = reinterpret_cast<char*>(output());
  if (!size || LZ4_decompress_safe_usingDict(source, target, static_cast<int>(block.size()),
                                             static_cast<int>(most_), target - history_,
                                             static_cast<int>(history_)) != static_cast<int>(*size)) {
    return Failure{FailureCode::corrupt, "an lz4 block is damaged"};
  }
  produced_ = *size;
  return Bytes(output(), produced_);
}

Bytes Lz4Blocks::store(Bytes block) {
  keep_history();
  std::copy(block.begin(), block.end(), output());
  produced_ = block.size();
  return Bytes(output(), produced_);
}

}  // namespace ikfs
