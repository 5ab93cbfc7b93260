#pragma once

#include <napi.h>

namespace ikfs::fuse {

/** The function `openSession` of the addon; src/native.ts describes what it takes and gives. */
Napi::Function open_session_function(Napi::Env env);

}  // namespace ikfs::fuse
