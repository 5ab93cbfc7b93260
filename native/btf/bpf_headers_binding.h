#pragma once

#include <napi.h>

#include <memory>

#include "btf/btf.h"

namespace ikfs::btf {

/** Starts `writeBpfHeaders` of NativeBtf in src/native.ts. @param info plan, cap */
Napi::Value start_bpf_headers(std::shared_ptr<const Btf> btf, const Napi::CallbackInfo& info);

}  // namespace ikfs::btf
