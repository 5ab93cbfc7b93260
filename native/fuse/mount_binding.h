#pragma once

#include <napi.h>

namespace ikfs::fuse {

/** The object `mounting` of the addon; src/native.ts describes it. */
Napi::Object mount_functions(Napi::Env env);

}  // namespace ikfs::fuse
