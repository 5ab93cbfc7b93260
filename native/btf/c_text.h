#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "btf/c_guard.h"
#include "core/output.h"

namespace ikfs::btf {

/** Text on its way to an output, collected to large pieces. */
class CText {
 public:
  /** @param limit how many bytes may come out; what goes beyond fails with `limit` */
  CText(Output& output, std::uint64_t limit, CGuard& guard);

  /** Whether what is added is dropped. */
  void mute(bool muted) { muted_ = muted; }
  bool muted() const { return muted_; }

  void add(std::string_view text) {
    if (muted_) return skip(text.size());
    if (text.size() > buffer_.size() - used_ && !make_room(text.size())) return;
    text.copy(buffer_.data() + used_, text.size());
    used_ += text.size();
  }

  void add(char character) { add(std::string_view(&character, 1)); }
  void add_number(std::uint64_t number);
  void add_signed(std::int64_t number);

  /** Begins a line. */
  void add_line(unsigned level);

  /** Writes what is left. */
  void flush();

  /** How many bytes have been added and not dropped. */
  std::uint64_t position() const { return written_ + used_; }

 private:
  /** Counts what is dropped, as that takes time and names are kept of it. */
  void skip(std::size_t size) {
    skipped_ += size;
    if (skipped_ > limit_) exceed();
  }
  void exceed();
  bool make_room(std::size_t size);

  Output& output_;
  CGuard& guard_;
  std::uint64_t limit_;
  std::uint64_t written_ = 0;
  std::uint64_t skipped_ = 0;
  std::string buffer_;
  std::size_t used_ = 0;
  bool muted_ = false;
};

}  // namespace ikfs::btf
