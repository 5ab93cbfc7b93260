#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "btf/btf.h"
#include "btf/builder.h"
#include "core/output.h"
#include "fuzz/check.h"

namespace ikfs::btf {

/** Counts what is written. */
class Counting final : public Output {
 public:
  Status write(Bytes bytes) override {
    written_ += bytes.size();
    return {};
  }
  std::uint64_t written() const { return written_; }

 private:
  std::uint64_t written_ = 0;
};

/** Reads types from bytes; nothing but zeros follows the last. */
class Teller {
 public:
  explicit Teller(Bytes bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }

  std::uint32_t byte() {
    if (bytes_.empty()) return 0;
    const auto first = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return first;
  }

  /** Small numbers are frequent, large ones possible. */
  std::uint32_t number() {
    const auto first = byte();
    return first < 0xf0 ? first : (first - 0xf0) << 28 | byte() << 20 | byte() << 8 | byte();
  }

  std::uint32_t name(Builder& builder) {
    static constexpr const char* names[] = {
        "",    "",      "",  "a",  "b",        "int", "a___2", "__builtin_va_list",
        "a-b", "7\n\"", "c", "va", "long int", "u8",  "while", "__gnuc_va_list"};
    return builder.string(names[byte() % std::size(names)]);
  }

  void add_type(Builder& builder) {
    const auto kind = byte() % kind_count;
    const auto length = byte();
    const std::uint32_t flag = length >> 7;
    const auto count = length % 8;
    std::vector<std::uint32_t> words{name(builder), kind << 24 | flag << 31, number()};
    const auto with = [&](std::size_t each, bool named) {
      words[1] |= count;
      for (std::uint32_t i = 0; i < count; ++i) {
        words.push_back(named ? name(builder) : number());
        for (std::size_t other = 1; other < each; ++other) words.push_back(number());
      }
    };
    switch (static_cast<Kind>(kind)) {
      case Kind::void_type:
        return;
      case Kind::integer:
      case Kind::variable:
      case Kind::declaration_tag:
        words.push_back(number());
        break;
      case Kind::array:
        for (int i = 0; i < 3; ++i) words.push_back(number());
        break;
      case Kind::structure:
      case Kind::union_type:
      case Kind::enumeration_64:
        with(3, true);
        break;
      case Kind::enumeration:
      case Kind::prototype:
        with(2, true);
        break;
      case Kind::data_section:
        with(3, false);
        break;
      default:
        break;
    }
    builder.add(words);
  }

 private:
  Bytes bytes_;
};

inline std::shared_ptr<const Btf> parsed(const Builder& builder, std::shared_ptr<const Btf> base) {
  const auto bytes = builder.encode(std::endian::native);
  auto result = Btf::parse(bytes, std::move(base));
  CHECK(std::holds_alternative<std::shared_ptr<const Btf>>(result));
  return std::get<std::shared_ptr<const Btf>>(result);
}

}  // namespace ikfs::btf
