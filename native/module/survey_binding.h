#pragma once

#include <napi.h>

namespace ikfs {

/** `surveyModules` of the interface Native. */
void add_surveys(Napi::Env env, Napi::Object exports);

}  // namespace ikfs
