#pragma once

#include <napi.h>

namespace ikfs {

/** `indexArchive` of the interface Native. */
void add_archives(Napi::Env env, Napi::Object exports);

}  // namespace ikfs
