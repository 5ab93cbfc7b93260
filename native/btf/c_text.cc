#include "btf/c_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace ikfs::btf {

namespace {

constexpr std::size_t piece = 256 * 1024;

template <typename Number>
std::string_view digits(std::array<char, 24>& room, Number number) {
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

}  // namespace

CText::CText(Output& output, std::uint64_t limit, CGuard& guard)
    : output_(output), guard_(guard), limit_(limit), buffer_(piece, '\0') {}

void CText::add_number(std::uint64_t number) {
  std::array<char, 24> room;
  add(digits(room, number));
}

void CText::add_signed(std::int64_t number) {
  std::array<char, 24> room;
  add(digits(room, number));
}

void CText::add_line(unsigned level) {
  // bpftool does not indent further.
  constexpr std::string_view line = "\n\t\t\t\t\t\t\t\t\t\t\t\t\t";
  add(line.substr(0, 1 + std::min<std::size_t>(level, line.size() - 1)));
}

void CText::flush() {
  if (guard_.failed() || used_ == 0) return;
  if (used_ > limit_ - written_) return exceed();
  written_ += used_;
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(buffer_.data()), used_);
  used_ = 0;
  if (auto failure = output_.write(bytes)) guard_.fail(std::move(*failure));
}

void CText::exceed() {
  guard_.fail(
      Failure{FailureCode::limit, "the C declarations are longer than " + std::to_string(limit_) + " bytes"});
}

bool CText::make_room(std::size_t size) {
  flush();
  if (guard_.failed()) {
    // Nothing of it will be seen any more.
    muted_ = true;
    return false;
  }
  if (size > buffer_.size()) buffer_.resize(size);
  return true;
}

}  // namespace ikfs::btf
