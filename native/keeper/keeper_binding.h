#pragma once

#include <napi.h>

namespace ikfs::keeper {

/** `keeper` of src/native.ts: becoming a fenced program, and what only a keeper can do. */
Napi::Object keeper_functions(Napi::Env env);

}  // namespace ikfs::keeper
