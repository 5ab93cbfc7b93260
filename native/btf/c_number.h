#pragma once

#include <cstdint>
#include <string_view>

#include "btf/btf.h"

namespace ikfs::btf {

/** Whether a name is one that C has for a number: `long unsigned int`, `_Bool`, `__int128`. */
bool is_c_number(std::string_view name);

/**
 * Bytes of a number with such a name where `long` has so many; 0 where compilers differ, as they do for `long
 * double`.
 */
std::uint32_t c_number_size(std::string_view name, std::uint32_t long_size);

/**
 * The number of C that stands for an INT or FLOAT with another name, by its size and encoding: compilers have
 * numbers of their own (`__Poly8_t` of gcc for arm64), and other languages name theirs otherwise.
 */
std::string_view c_number_like(const Btf& btf, TypeId id);

}  // namespace ikfs::btf
