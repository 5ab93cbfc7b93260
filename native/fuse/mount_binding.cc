/**
 * Mounting and unmounting for JavaScript. Each call has a thread of its own rather than one of libuv's pool:
 * those may all be at work for minutes, or stuck in the very mount that is to be taken away.
 */
#include "fuse/mount_binding.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "core/failure_binding.h"
#include "fuse/mount.h"
#include "keeper/own_keeper.h"

namespace ikfs::fuse {

namespace {

/** A call under way: what its thread does, and the promise of its outcome. */
class Call {
 public:
  virtual ~Call() = default;

  /** Starts the thread; the call deletes itself when its promise is settled. */
  static Napi::Value start(Napi::Env env, std::unique_ptr<Call> call) {
    auto* own = call.release();
    own->outcome_ = std::make_unique<Napi::Promise::Deferred>(env);
    const auto promise = own->outcome_->Promise();
    own->to_javascript_ = ToJavascript::New(env, "ikfs mounting", 1, 1, own);
    try {
      std::thread([own] { own->work(); }).detach();
    } catch (const std::system_error& error) {
      own->failure_ = Failure{FailureCode::io, std::string("starting a thread: ") + error.what()};
      own->hand_over();
    }
    return promise;
  }

 protected:
  /** What is done off the JavaScript thread. */
  virtual Status run() = 0;
  /** What the promise resolves to, once `run` has succeeded. */
  virtual Napi::Value result(Napi::Env env) = 0;

 private:
  static void settle(Napi::Env env, Napi::Function, Call* call, void*) {
    const std::unique_ptr<Call> own(call);
    // JavaScript may have ended meanwhile.
    if (env == nullptr) return;
    const Napi::HandleScope scope(env);
    if (own->failure_) {
      own->outcome_->Reject(to_error(env, *own->failure_).Value());
    } else {
      own->outcome_->Resolve(own->result(env));
    }
  }

  using ToJavascript = Napi::TypedThreadSafeFunction<Call, void, &Call::settle>;

  void work() {
    try {
      failure_ = run();
    } catch (const std::exception& error) {
      failure_ = Failure{FailureCode::limit, error.what()};
    }
    hand_over();
  }

  void hand_over() {
    // Settling deletes this, so that nothing of it may be used afterwards.
    auto to_javascript = to_javascript_;
    if (to_javascript.NonBlockingCall() == napi_ok) {
      to_javascript.Release();
    } else {
      delete this;
    }
  }

  std::unique_ptr<Napi::Promise::Deferred> outcome_;
  ToJavascript to_javascript_;
  Status failure_;
};

class MountCall final : public Call {
 public:
  explicit MountCall(MountRequest request) : request_(std::move(request)) {}

 private:
  Status run() override {
    auto* keeper = is_passed(request_.mountpoint) ? nullptr : keeper::own_keeper();
    auto mounted = keeper == nullptr ? mount_tree(request_) : keeper->mount();
    if (auto* failure = std::get_if<Failure>(&mounted)) return std::move(*failure);
    device_ = std::get<UniqueFd>(std::move(mounted));
    return {};
  }

  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, device_.release()); }

  MountRequest request_;
  UniqueFd device_;
};

class UnmountCall final : public Call {
 public:
  explicit UnmountCall(UnmountRequest request) : request_(std::move(request)) {}

 private:
  Status run() override {
    auto* keeper = is_passed(request_.mountpoint) ? nullptr : keeper::own_keeper();
    auto unmounted = keeper == nullptr ? unmount_tree(request_) : keeper->unmount(request_.lazily);
    if (auto* failure = std::get_if<Failure>(&unmounted)) return std::move(*failure);
    unmounted_ = std::get<Unmounted>(unmounted);
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    return Napi::String::New(env, unmounted_ == Unmounted::done ? "unmounted" : "not-mounted");
  }

  UnmountRequest request_;
  Unmounted unmounted_ = Unmounted::done;
};

std::string take_mountpoint(const Napi::CallbackInfo& info) {
  const auto mountpoint = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : std::string();
  if (mountpoint.empty() || mountpoint.front() != '/' || mountpoint.find('\0') != std::string::npos)
    throw Napi::TypeError::New(info.Env(), "mountpoint must be an absolute path");
  return mountpoint;
}

bool take_flag(const Napi::CallbackInfo& info, const char* name) {
  if (!info[1].IsBoolean()) throw Napi::TypeError::New(info.Env(), std::string(name) + " must be a boolean");
  return info[1].As<Napi::Boolean>().Value();
}

/** PATH, read on JavaScript's thread, the one that changes the environment. */
std::string search_path() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/usr/bin:/bin" : path;
}

Napi::Value mount_function(const Napi::CallbackInfo& info) {
  return Call::start(info.Env(), std::make_unique<MountCall>(MountRequest{
                                     .mountpoint = take_mountpoint(info),
                                     .allow_other = take_flag(info, "allowOther"),
                                     .search_path = search_path(),
                                 }));
}

Napi::Value unmount_function(const Napi::CallbackInfo& info) {
  return Call::start(info.Env(), std::make_unique<UnmountCall>(UnmountRequest{
                                     .mountpoint = take_mountpoint(info),
                                     .lazily = take_flag(info, "lazily"),
                                     .search_path = search_path(),
                                 }));
}

}  // namespace

Napi::Object mount_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("mount", Napi::Function::New<mount_function>(env, "mount"));
  functions.Set("unmount", Napi::Function::New<unmount_function>(env, "unmount"));
  return functions;
}

}  // namespace ikfs::fuse
