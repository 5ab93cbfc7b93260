#include "btf/c_number.h"

#include <algorithm>
#include <array>

#include "btf/c_names.h"

namespace ikfs::btf {

namespace {

constexpr std::array<std::string_view, 14> number_words{
    "char",  "short", "int",    "long",     "signed", "unsigned", "__int128",
    "_Bool", "float", "double", "_Float16", "__fp16", "__bf16",   "__float128"};

std::string_view first_word(std::string_view name) {
  return name.substr(0, std::min(name.find(' '), name.size()));
}

}  // namespace

bool is_c_number(std::string_view name) {
  while (!name.empty()) {
    if (std::find(number_words.begin(), number_words.end(), first_word(name)) == number_words.end())
      return false;
    if (first_word(name).size() == name.size()) return true;
    name.remove_prefix(first_word(name).size() + 1);
  }
  return false;
}

std::uint32_t c_number_size(std::string_view name, std::uint32_t long_size) {
  unsigned longs = 0;
  std::uint32_t size = 4;
  bool is_double = false;
  while (!name.empty()) {
    const auto word = first_word(name);
    if (word == "long") ++longs;
    if (word == "char" || word == "_Bool") size = 1;
    if (word == "short" || word == "_Float16" || word == "__fp16" || word == "__bf16") size = 2;
    if (word == "double") is_double = true;
    if (word == "__int128" || word == "__float128") size = 16;
    name.remove_prefix(std::min(word.size() + 1, name.size()));
  }
  if (is_double) return longs == 0 ? 8 : 0;
  return longs == 0 ? size : longs == 1 ? long_size : 8;
}

std::string_view c_number_like(const Btf& btf, TypeId id) {
  const auto type = btf.type(id);
  if (type.kind() == Kind::floating)
    return type.size() == 4 ? "float" : type.size() == 8 ? "double" : "long double";
  constexpr std::uint32_t is_signed = 1;
  constexpr std::uint32_t is_bool = 4;
  if (type.integer_encoding() & is_bool && type.size() == 1) return "_Bool";
  // Polynomials have no sign, whatever is said of them (libbpf, btf_dump_emit_missing_aliases).
  const bool polynomial = c_name_at(btf, type.name()).starts_with("__Poly");
  const bool sign = type.integer_encoding() & is_signed && !polynomial;
  switch (type.size()) {
    case 1:
      return sign ? "signed char" : "unsigned char";
    case 2:
      return sign ? "short" : "unsigned short";
    case 4:
      return sign ? "int" : "unsigned int";
    case 16:
      return sign ? "__int128" : "unsigned __int128";
    default:
      return sign ? "long long" : "unsigned long long";
  }
}

}  // namespace ikfs::btf
