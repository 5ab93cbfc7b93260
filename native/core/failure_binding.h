#pragma once

#include <napi.h>

#include "core/failure.h"

namespace ikfs {

/** A failure as src/native.ts describes it: an Error with `code` and `offset`. */
inline Napi::Error to_error(Napi::Env env, const Failure& failure) {
  auto error = Napi::Error::New(env, failure.message);
  error.Set("code", failure_code_name(failure.code));
  error.Set("offset", Napi::Number::New(env, static_cast<double>(failure.offset)));
  return error;
}

}  // namespace ikfs
