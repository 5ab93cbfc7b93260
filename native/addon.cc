/**
 * The addon's JavaScript face: the interface Native of src/native.ts. All work is done by the code beside it,
 * which knows nothing of Node; files called *_binding take arguments apart and settle promises. Arguments of
 * a wrong type throw TypeError.
 */
#include <napi.h>
#include <sys/mman.h>

#include <cerrno>

#include "archive/archive_binding.h"
#include "btf/btf_binding.h"
#include "codec/codec_binding.h"
#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "fuse/mount_binding.h"
#include "fuse/session_binding.h"
#include "keeper/keeper_binding.h"
#include "module/survey_binding.h"

namespace ikfs {

namespace {

Napi::Value memory_file(const Napi::CallbackInfo& info) {
  const auto name = text(info[0], "name");
  const int descriptor = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) throw to_error(info.Env(), system_failure("memfd_create", errno));
  return Napi::Number::New(info.Env(), descriptor);
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  add_codecs(env, exports);
  add_archives(env, exports);
  btf::add_btf(env, exports);
  add_surveys(env, exports);
  exports.Set("memoryFile", Napi::Function::New<memory_file>(env, "memoryFile"));
  exports.Set("keeper", keeper::keeper_functions(env));
  exports.Set("mounting", fuse::mount_functions(env));
  exports.Set("openSession", fuse::open_session_function(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(ikfs, initialise)

}  // namespace ikfs
