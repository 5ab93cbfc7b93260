#pragma once

#include <napi.h>

namespace ikfs {

/** Adds `openNotifySocket` to the addon: NativeNotifySocket of src/native.ts. */
void add_notify(Napi::Env env, Napi::Object exports);

}  // namespace ikfs
