#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "btf/btf.h"

namespace ikfs::btf {

/**
 * Visits what an encoded type refers to, in the order of its words.
 * @param words all words of the type, which the visitors may change
 * @param name called with each word that is the offset of a string, the type's own name first
 * @param type called with each word that is the number of a type
 */
template <typename Word, typename OnName, typename OnType>
void visit_references(std::span<Word> words, OnName name, OnType type) {
  constexpr std::size_t head = 3;
  name(words[0]);
  const auto each = [&](std::size_t stride, auto visit) {
    for (std::size_t at = head; at < words.size(); at += stride) visit(at);
  };
  switch (Type(words.data()).kind()) {
    case Kind::pointer:
    case Kind::type_definition:
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::function:
    case Kind::variable:
    case Kind::declaration_tag:
    case Kind::type_tag:
      return type(words[2]);
    case Kind::array:
      type(words[3]);
      return type(words[4]);
    case Kind::structure:
    case Kind::union_type:
      return each(3, [&](std::size_t at) {
        name(words[at]);
        type(words[at + 1]);
      });
    case Kind::enumeration:
      return each(2, [&](std::size_t at) { name(words[at]); });
    case Kind::enumeration_64:
      return each(3, [&](std::size_t at) { name(words[at]); });
    case Kind::prototype:
      type(words[2]);
      return each(2, [&](std::size_t at) {
        name(words[at]);
        type(words[at + 1]);
      });
    case Kind::data_section:
      return each(3, [&](std::size_t at) { type(words[at]); });
    case Kind::void_type:
    case Kind::integer:
    case Kind::forward:
    case Kind::floating:
      return;
  }
}

}  // namespace ikfs::btf
