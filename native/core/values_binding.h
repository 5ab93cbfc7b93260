#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace ikfs {

// What JavaScript passes, as native code has it. A value of another type throws TypeError, with `name`.

/** @param most the largest that is allowed; 2^53 - 1 unless given */
std::uint64_t whole_number(const Napi::Value& value, const char* name, double most = 9007199254740991.0);
std::string text(const Napi::Value& value, const char* name);
Napi::Array list(const Napi::Value& value, const char* name);
Napi::Object object(const Napi::Value& value, const char* name);
/** The bytes of a Uint8Array, which stay JavaScript's. */
Napi::Uint8Array bytes(const Napi::Value& value, const char* name);

}  // namespace ikfs
