/** The way to the service manager for JavaScript. A message takes no longer than a system call that never
 * waits, so all is done on JavaScript's thread. */
#include "notify/notify_binding.h"

#include <memory>

#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "notify/notify_socket.h"

namespace ikfs {

namespace {

Napi::Value send(const Napi::CallbackInfo& info, const NotifySocket& socket) {
  const auto outcome = socket.send(text(info[0], "message"));
  if (const auto* failure = std::get_if<Failure>(&outcome)) throw to_error(info.Env(), *failure);
  return Napi::Boolean::New(info.Env(), std::get<Notified>(outcome) == Notified::sent);
}

Napi::Value open_socket(const Napi::CallbackInfo& info) {
  auto opened = NotifySocket::open(text(info[0], "address"));
  if (const auto* failure = std::get_if<Failure>(&opened)) throw to_error(info.Env(), *failure);
  const auto socket = std::make_shared<NotifySocket>(std::get<NotifySocket>(std::move(opened)));
  auto object = Napi::Object::New(info.Env());
  object.Set("send", Napi::Function::New(
                         info.Env(), [socket](const Napi::CallbackInfo& call) { return send(call, *socket); },
                         "send"));
  return object;
}

}  // namespace

void add_notify(Napi::Env env, Napi::Object exports) {
  exports.Set("openNotifySocket", Napi::Function::New<open_socket>(env, "openNotifySocket"));
}

}  // namespace ikfs
