#include "codec/lz4_block.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ikfs {

namespace {

/** How far back a match reaches at the most, and one more. */
constexpr std::size_t kHistory = 64 * 1024;

/** Values of the token's halves that are continued in the bytes that follow, each up to this one. */
constexpr std::size_t kContinued = 15;
constexpr std::uint8_t kFurther = 255;

constexpr std::size_t kShortestMatch = 4;
constexpr std::size_t kOffset = 2;
/** How a block ends: so many last bytes are literals, and its last match begins so far from its end. */
constexpr std::size_t kLastLiterals = 5;
constexpr std::size_t kLastMatch = 12;

/** Bytes copied at a time, whatever the length: what is copied too much is overwritten, or never looked at.
 */
constexpr std::size_t kStride = 16;
/** Literals and match of which a token says all that there is to say. */
constexpr std::size_t kShortLiterals = kContinued - 1;
constexpr std::size_t kShortMatch = kContinued - 1 + kShortestMatch;
static_assert(kShortLiterals <= kStride && kShortMatch <= 2 * kStride);

/** Bytes that are handed on at a time, at the most. */
constexpr std::size_t kPiece = 256 * 1024;
/** The window: what matches refer to, what comes out, and room for what is copied too much. */
constexpr std::size_t kWindow = kHistory + kPiece;
constexpr std::size_t kSlack = 2 * kStride;

void copy_stride(std::uint8_t* to, const std::uint8_t* from) { std::memcpy(to, from, kStride); }

/** For each shorter offset, its smallest multiple that a stride fits into. */
constexpr auto kWholePeriods = [] {
  std::array<std::uint8_t, kStride> multiples{};
  for (std::size_t offset = 1; offset < kStride; ++offset) {
    multiples[offset] = static_cast<std::uint8_t>((kStride + offset - 1) / offset * offset);
  }
  return multiples;
}();

/**
 * Copies a match, which may overlap what it is copied to, and up to a stride more than it.
 * @param offset how far back it begins, from 1 on; so many bytes in front of `to` must be there
 */
void copy_match(std::uint8_t* to, std::size_t offset, std::size_t length) {
  const std::uint8_t* const end = to + length;
  if (offset < kStride) {
    // One stride byte by byte; from then on there is a whole number of periods to copy from.
    for (std::size_t i = 0; i < kStride; ++i) to[i] = (to + i)[-static_cast<std::ptrdiff_t>(offset)];
    to += kStride;
    offset = kWholePeriods[offset];
  }
  for (; to < end; to += kStride) copy_stride(to, to - offset);
}

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

std::size_t distance(const std::uint8_t* from, const std::uint8_t* to) {
  return static_cast<std::size_t>(to - from);
}

Failure damaged() { return {FailureCode::corrupt, "an lz4 block is damaged"}; }

}  // namespace

// Not cleared: no byte of it is read that was not written before.
Lz4Blocks::Lz4Blocks(std::size_t most, bool linked)
    : most_(most),
      linked_(linked),
      window_(std::make_unique_for_overwrite<std::uint8_t[]>(kWindow + kSlack)),
      filled_(kHistory) {}

void Lz4Blocks::slide() {
  history_ = std::min(history_, kHistory);
  std::memmove(window_.get() + kHistory - history_, window_.get() + filled_ - history_, history_);
  filled_ = kHistory;
}

void Lz4Blocks::begin() {
  if (!linked_) {
    filled_ = kHistory;
    history_ = 0;
  }
  produced_ = 0;
  last_match_.reset();
  next_ = Next::sequence;
}

Result<Lz4Blocks::Piece> Lz4Blocks::decode(Bytes block) {
  if (!is_underway()) begin();
  if (filled_ == kWindow) slide();

  const std::uint8_t* at = block.data() + at_;
  const std::uint8_t* const end = block.data() + block.size();
  std::uint8_t* const start = window_.get() + filled_;
  std::uint8_t* to = start;
  const std::uint8_t* const floor = start - history_;
  const std::uint8_t* const limit = start + std::min(kWindow - filled_, most_ - produced_);
  const auto left_of_block = [&] { return most_ - produced_ - distance(start, to); };
  Next next = next_;
  std::size_t literals = literals_;
  std::size_t match = match_;
  std::size_t offset = offset_;
  const std::uint8_t* last_match = nullptr;

  const auto read_offset = [&] {
    offset = at[0] | at[1] << 8;
    at += kOffset;
  };
  /* Checks what is to be copied, with `match` still as the token has it. */
  const auto begin_match = [&] {
    if (offset == 0 || offset > distance(floor, to)) return false;
    if (!read_length(at, end, match)) return false;
    match += kShortestMatch;
    last_match = to;
    next = Next::match;
    return match <= left_of_block();
  };
  const auto piece = [&](bool last) {
    const std::size_t size = distance(start, to);
    if (last_match != nullptr) last_match_ = produced_ + distance(start, last_match);
    at_ = last ? 0 : distance(block.data(), at);
    next_ = next;
    literals_ = literals;
    match_ = match;
    offset_ = offset;
    produced_ += size;
    filled_ += size;
    history_ += size;
    return Piece{Bytes(start, size), last};
  };

  for (;;) {
    if (next == Next::sequence) {
      if (at == end) return damaged();
      const std::size_t token = *at++;
      literals = token >> 4;
      match = token & 0xf;
      // Nearly always there is enough left of both sides to do without looking at each of them.
      if (literals < kContinued && distance(at, end) >= kStride + kOffset &&
          distance(to, limit) >= kShortLiterals + kShortMatch) [[likely]] {
        copy_stride(to, at);
        at += literals;
        to += literals;
        read_offset();
        if (match < kContinued && offset >= kStride && offset <= distance(floor, to)) [[likely]] {
          copy_stride(to, to - offset);
          copy_stride(to + kStride, to + kStride - offset);
          last_match = to;
          to += match + kShortestMatch;
          continue;
        }
        if (!begin_match()) return damaged();
      } else {
        if (!read_length(at, end, literals)) return damaged();
        if (literals > distance(at, end) || literals > left_of_block()) return damaged();
        run_ = literals;
        next = Next::literals;
      }
    }
    if (next == Next::literals) {
      const std::size_t count = std::min(literals, distance(to, limit));
      std::copy_n(at, count, to);
      at += count;
      to += count;
      literals -= count;
      if (literals > 0) return piece(false);
      if (at == end) {
        const auto whole = piece(true);
        const bool ends_well =
            !last_match_ || (run_ >= kLastLiterals && produced_ - *last_match_ >= kLastMatch);
        if (!ends_well) return damaged();
        return whole;
      }
      if (distance(at, end) < kOffset) return damaged();
      read_offset();
      if (!begin_match()) return damaged();
    }
    const std::size_t count = std::min(match, distance(to, limit));
    copy_match(to, offset, count);
    to += count;
    match -= count;
    if (match > 0) return piece(false);
    next = Next::sequence;
  }
}

void Lz4Blocks::store(Bytes block) {
  if (!linked_) return;
  const auto kept = block.last(std::min(block.size(), kHistory));
  if (kept.size() > kWindow - filled_) slide();
  std::copy(kept.begin(), kept.end(), window_.get() + filled_);
  filled_ += kept.size();
  history_ += kept.size();
}

}  // namespace ikfs
