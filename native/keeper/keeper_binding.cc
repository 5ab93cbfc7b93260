#include "keeper/keeper_binding.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "keeper/own_keeper.h"

namespace ikfs::keeper {

namespace {

/** Standard streams, and what a service manager has passed (sd_listen_fds(3)); Node makes all of them
 * close-on-exec. */
void keep_passed() {
  const char* count = std::getenv("LISTEN_FDS");
  const long beyond = STDERR_FILENO + 1 + (count == nullptr ? 0 : std::strtol(count, nullptr, 10));
  for (int descriptor = 0; descriptor < beyond && fcntl(descriptor, F_SETFD, 0) == 0; ++descriptor) continue;
}

/** Becomes another program, with this process's number, environment, standard streams and one more
 * descriptor. */
Napi::Value become(const Napi::CallbackInfo& info) {
  const auto given = list(info[0], "command");
  std::vector<std::string> arguments;
  for (std::uint32_t i = 0; i < given.Length(); ++i) arguments.push_back(text(given.Get(i), "argument"));
  if (arguments.empty()) throw Napi::TypeError::New(info.Env(), "there must be a program");
  std::vector<char*> pointers;
  for (auto& each : arguments) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  keep_passed();
  if (info[1].IsNumber()) fcntl(info[1].As<Napi::Number>().Int32Value(), F_SETFD, 0);
  execv(pointers.front(), pointers.data());
  throw to_error(info.Env(), system_failure(arguments.front().c_str(), errno));
}

/** A pipe, whose ends no program run from here has unless it is given them. */
Napi::Value open_pipe(const Napi::CallbackInfo& info) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw to_error(info.Env(), system_failure("pipe", errno));
  auto pipe = Napi::Object::New(info.Env());
  pipe.Set("reading", ends[0]);
  pipe.Set("writing", ends[1]);
  return pipe;
}

Napi::Value is_there(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), own_keeper() != nullptr);
}

}  // namespace

Napi::Object keeper_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("become", Napi::Function::New<become>(env, "become"));
  functions.Set("openPipe", Napi::Function::New<open_pipe>(env, "openPipe"));
  functions.Set("isThere", Napi::Function::New<is_there>(env, "isThere"));
  return functions;
}

}  // namespace ikfs::keeper
