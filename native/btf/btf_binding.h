#pragma once

#include <napi.h>

namespace ikfs::btf {

/** `openBtf` of the interface Native. */
void add_btf(Napi::Env env, Napi::Object exports);

}  // namespace ikfs::btf
