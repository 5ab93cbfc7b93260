#pragma once

#include <napi.h>

namespace ikfs {

/** The functions of NativeMemory in src/native.ts. */
Napi::Object memory_functions(Napi::Env env);

}  // namespace ikfs
