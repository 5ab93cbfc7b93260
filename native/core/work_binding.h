#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "core/failure.h"
#include "core/input.h"
#include "core/unique_fd.h"

namespace ikfs {

/**
 * A descriptor of the work's own for the same open file: should JavaScript close its descriptor too early,
 * the work must not read or write whatever file gets that number next.
 */
UniqueFd take_descriptor(const Napi::Value& value, const char* name);

/** A NativeInput: a range of a file, or memory that is kept alive until the work is done. */
class InputArgument {
 public:
  explicit InputArgument(const Napi::Value& value);

  /** The bytes from the first on. */
  std::unique_ptr<Input> open() const;

 private:
  Bytes bytes_;
  Napi::ObjectReference keep_alive_;
  UniqueFd file_;
  std::uint64_t offset_ = 0;
  std::uint64_t length_ = 0;
};

/** Bytes as a Buffer of JavaScript. */
Napi::Value to_buffer(Napi::Env env, const std::vector<std::uint8_t>& bytes);

/** Work for a thread of libuv's pool, and the promise of its outcome. */
class Work : public Napi::AsyncWorker {
 public:
  explicit Work(Napi::Env env) : AsyncWorker(env, "ikfs"), outcome_(env) {}

  /** Starts the work, which deletes itself when it is done. */
  static Napi::Value start(std::unique_ptr<Work> work);

 protected:
  /** What is done off the JavaScript thread. */
  virtual Status run() = 0;
  /** What the promise resolves to, once `run` has succeeded. */
  virtual Napi::Value result(Napi::Env env) = 0;

 private:
  void Execute() override;
  void OnOK() override;

  Napi::Promise::Deferred outcome_;
  Status failure_;
};

}  // namespace ikfs
