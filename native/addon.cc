/**
 * The addon's JavaScript face: the interface Native of src/native.ts. All work is done by the code beside it,
 * which knows nothing of Node; files called *_binding take arguments apart and settle promises. Arguments of
 * a wrong type throw TypeError.
 */
#include <napi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "archive/archive_binding.h"
#include "btf/btf_binding.h"
#include "codec/codec_binding.h"
#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "fuse/mount_binding.h"
#include "fuse/session_binding.h"
#include "keeper/keeper_binding.h"
#include "memory/memory_binding.h"
#include "module/survey_binding.h"
#include "notify/notify_binding.h"

namespace ikfs {

namespace {

Napi::Value memory_file(const Napi::CallbackInfo& info) {
  const auto name = text(info[0], "name");
  const int descriptor = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) throw to_error(info.Env(), system_failure("memfd_create", errno));
  return Napi::Number::New(info.Env(), descriptor);
}

/** A thread of its own sees to it, so that it comes about also when JavaScript's thread hangs. */
Napi::Value end_process(const Napi::CallbackInfo& info) {
  const auto status = static_cast<int>(whole_number(info[0], "status", 255));
  const std::chrono::milliseconds delay(whole_number(info[1], "milliseconds", 1e9));
  std::thread([status, delay] {
    std::this_thread::sleep_for(delay);
    _exit(status);
  }).detach();
  return info.Env().Undefined();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  add_codecs(env, exports);
  add_archives(env, exports);
  btf::add_btf(env, exports);
  add_surveys(env, exports);
  add_notify(env, exports);
  exports.Set("memory", memory_functions(env));
  exports.Set("memoryFile", Napi::Function::New<memory_file>(env, "memoryFile"));
  exports.Set("keeper", keeper::keeper_functions(env));
  exports.Set("endProcess", Napi::Function::New<end_process>(env, "endProcess"));
  exports.Set("mounting", fuse::mount_functions(env));
  exports.Set("openSession", fuse::open_session_function(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(ikfs, initialise)

}  // namespace ikfs
