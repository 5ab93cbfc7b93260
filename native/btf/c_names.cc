#include "btf/c_names.h"

#include <algorithm>
#include <array>

namespace ikfs::btf {

namespace {

constexpr bool is_digit(char character) { return character >= '0' && character <= '9'; }

constexpr std::array<bool, 256> identifier_characters = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  table['_'] = true;
  return table;
}();

/** Keywords of C11 and of GNU C. Sorted. */
constexpr std::array<std::string_view, 76> reserved_words{
    "_Alignas",    "_Alignof",   "_Atomic",      "_Bool",          "_Complex",      "_Float16",
    "_Generic",    "_Imaginary", "_Noreturn",    "_Static_assert", "_Thread_local", "__alignof",
    "__alignof__", "__asm",      "__asm__",      "__attribute",    "__attribute__", "__auto_type",
    "__complex__", "__const",    "__const__",    "__extension__",  "__float128",    "__func__",
    "__imag__",    "__inline",   "__inline__",   "__int128",       "__label__",     "__null",
    "__real__",    "__restrict", "__restrict__", "__signed",       "__signed__",    "__thread",
    "__typeof",    "__typeof__", "__volatile",   "__volatile__",   "asm",           "auto",
    "break",       "case",       "char",         "const",          "continue",      "default",
    "do",          "double",     "else",         "enum",           "extern",        "float",
    "for",         "goto",       "if",           "inline",         "int",           "long",
    "register",    "restrict",   "return",       "short",          "signed",        "sizeof",
    "static",      "struct",     "switch",       "typedef",        "typeof",        "union",
    "unsigned",    "void",       "volatile",     "while"};
static_assert(std::is_sorted(reserved_words.begin(), reserved_words.end()));

bool is_reserved(std::string_view text) {
  // No reserved word begins otherwise, or is as short or as long.
  if (text.size() < 2 || text.size() > 14 || (text[0] != '_' && (text[0] < 'a' || text[0] > 'w')))
    return false;
  return std::binary_search(reserved_words.begin(), reserved_words.end(), text);
}

bool has_identifier_form(std::string_view text) {
  if (text.empty() || is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return identifier_characters[static_cast<unsigned char>(c)]; });
}

}  // namespace

void CNames::write_enumerator(std::uint32_t name) {
  const auto text = legal(c_name_at(btf_, name));
  write(text, take(identifiers_, text));
}

void CNames::write_plain(std::string_view name) {
  if (name.empty() || text_.muted()) return;
  if (!has_identifier_form(name)) return text_.add(legal(name));
  write(name, is_reserved(name) ? 2 : 1);
}

void CNames::write_tag(TypeId id) {
  auto& number = numbers_[id];
  if (number != 0 && text_.muted()) return;
  const auto name = legal(c_name_at(btf_, btf_.type(id).name()));
  if (number == 0) number = number_of_tag(id, name);
  write(name, number);
}

std::uint32_t CNames::number_of_tag(TypeId id, std::string_view name) {
  const auto type = btf_.type(id);
  auto kind = type.kind();
  const bool only_declared = kind == Kind::forward || (kind == Kind::enumeration && type.length() == 0);
  if (kind == Kind::forward) kind = type.flag() ? Kind::union_type : Kind::structure;
  if (kind == Kind::enumeration_64) kind = Kind::enumeration;
  auto& use = tags_.add(name).first;
  if (is_reserved(name)) return take(tags_, name);
  if (use.declared == Kind::void_type) {
    use.declared = kind;
  } else if (use.declared != kind && use.count == 0) {
    // Declared as something else.
    use.count = 1;
  }
  if (only_declared && use.declared == kind) return 1;
  return take(tags_, name);
}

void CNames::write_identifier(TypeId id) {
  auto& number = numbers_[id];
  if (number != 0 && text_.muted()) return;
  const auto name = legal(c_name_at(btf_, btf_.type(id).name()));
  if (number == 0) number = take(identifiers_, name);
  write(name, number);
}

std::string CNames::identifier(TypeId id) {
  const auto name = legal(c_name_at(btf_, btf_.type(id).name()));
  auto& number = numbers_[id];
  if (number == 0) number = take(identifiers_, name);
  if (number == prefixed) return std::string(prefix) + std::string(name);
  return number == 1 ? std::string(name) : std::string(name) + "___" + std::to_string(number);
}

std::uint32_t CNames::take(CNameTable& table, std::string_view name) {
  auto& count = table.add(name).first.count;
  // What is reserved is taken from the beginning.
  if (count == 0 && is_reserved(name)) count = 1;
  if (++count == 1) return 1;
  auto numbered = std::string(name) + "___" + std::to_string(count);
  while (table.get(numbered) || is_real_name(numbered))
    numbered = std::string(name) + "___" + std::to_string(++count);
  const auto number = count;
  table.add(*made_.insert(std::move(numbered)).first).first.count = 1;  // may move `count`
  return number;
}

void CNames::write(std::string_view name, std::uint32_t number) {
  if (number == prefixed) {
    text_.add(prefix);
    return text_.add(name);
  }
  text_.add(name);
  if (number < 2) return;
  text_.add("___");
  text_.add_number(number);
}

std::string_view CNames::legal(std::string_view name) {
  if (has_identifier_form(name)) return name;
  auto& made = legal_[name];
  if (!made.empty()) return made;
  made = name;
  for (auto& c : made) {
    if (!identifier_characters[static_cast<unsigned char>(c)]) c = '_';
  }
  if (made.empty() || is_digit(made.front())) made.insert(0, 1, '_');
  return made;
}

bool CNames::is_real_name(const std::string& name) {
  if (!collected_) {
    collected_ = true;
    for (const auto* btf = &btf_; btf; btf = btf->base().get()) {
      const auto strings = btf->strings();
      auto at = strings.find("___");
      while (at != std::string_view::npos) {
        const auto end = std::min(strings.find('\0', at), strings.size());
        if (is_digit(strings[end - 1])) {
          const auto before = strings.rfind('\0', at);
          const auto begin = before == std::string_view::npos ? 0 : before + 1;
          numbered_names_.emplace(strings.substr(begin, end - begin));
        }
        at = strings.find("___", end);
      }
    }
  }
  return numbered_names_.contains(name);
}

}  // namespace ikfs::btf
