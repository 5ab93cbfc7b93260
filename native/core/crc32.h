#pragma once

#include <cstdint>

#include "core/input.h"

namespace ikfs {

/**
 * CRC-32 as gzip has it (RFC 1952, section 8).
 * @param before the sum of the bytes before these, to go on from
 */
std::uint32_t crc32(Bytes bytes, std::uint32_t before = 0);

}  // namespace ikfs
