#pragma once

#include <napi.h>

#include "codec/decode_stream.h"

namespace ikfs {

/** What was consumed and produced, as an object. */
Napi::Object to_object(Napi::Env env, const Decoded& decoded);

/** `decoders` and `decode` of the interface Native. */
void add_codecs(Napi::Env env, Napi::Object exports);

}  // namespace ikfs
