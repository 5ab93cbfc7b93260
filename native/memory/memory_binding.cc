#include "memory/memory_binding.h"

#include <memory>
#include <utility>

#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "memory/engine_memory.h"
#include "memory/pressure_watch.h"
#include "memory/process_memory.h"

namespace ikfs {

namespace {

/** A watch with the way back to JavaScript. Not one of them keeps the process alive. */
struct Watching {
  Napi::ThreadSafeFunction to_javascript;
  std::unique_ptr<PressureWatch> watch;

  ~Watching() {
    watch.reset();
    to_javascript.Release();
  }
};

Napi::Value watch_pressure(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto path = text(info[0], "path");
  if (!info[1].IsFunction()) throw Napi::TypeError::New(env, "onPressure must be a function");
  auto watching = std::make_unique<Watching>();
  watching->to_javascript =
      Napi::ThreadSafeFunction::New(env, info[1].As<Napi::Function>(), "ikfs memory pressure", 1, 1);
  watching->to_javascript.Unref(env);
  auto opened = PressureWatch::open(path, [to_javascript = watching->to_javascript] {
    // A call that is still to be made stands for this one as well.
    to_javascript.NonBlockingCall();
  });
  if (auto* failure = std::get_if<Failure>(&opened)) throw to_error(env, *failure);
  watching->watch = std::get<std::unique_ptr<PressureWatch>>(std::move(opened));
  auto* const own = watching.release();
  return Napi::Function::New(env, [own, ended = false](const Napi::CallbackInfo&) mutable {
    if (!std::exchange(ended, true)) delete own;
  });
}

}  // namespace

Napi::Object memory_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("settleAllocator",
                Napi::Function::New(env, [](const Napi::CallbackInfo&) { settle_allocator(); }));
  functions.Set("collectGarbage", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                  return Napi::Boolean::New(info.Env(), collect_all_garbage());
                }));
  functions.Set("trimHeaps", Napi::Function::New(env, [](const Napi::CallbackInfo&) { trim_heaps(); }));
  functions.Set("letGoOfFilePages", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                  return Napi::Number::New(info.Env(), static_cast<double>(let_go_of_file_pages()));
                }));
  functions.Set("watchPressure", Napi::Function::New<watch_pressure>(env, "watchPressure"));
  return functions;
}

}  // namespace ikfs
