#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ikfs {

/** The largest size or mode that is accepted: JavaScript's Number.MAX_SAFE_INTEGER. */
inline constexpr std::uint64_t kMaxTarNumber = (std::uint64_t{1} << 53) - 1;

/**
 * A number of a tar header: octal digits after optional spaces, ended by a space, a zero byte or the field's
 * end; or, after a first byte of 0x80, a big-endian number (GNU tar manual, "Extensions"). An empty field is
 * 0.
 */
std::optional<std::uint64_t> tar_number(std::string_view field);

/** A decimal number of a pax record. */
std::optional<std::uint64_t> pax_number(std::string_view digits);

}  // namespace ikfs
