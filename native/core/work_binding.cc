#include "core/work_binding.h"

#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <new>
#include <string>

#include "core/failure_binding.h"
#include "core/values_binding.h"

namespace ikfs {

UniqueFd take_descriptor(const Napi::Value& value, const char* name) {
  const auto number = whole_number(value, name, INT_MAX);
  UniqueFd own(fcntl(static_cast<int>(number), F_DUPFD_CLOEXEC, 0));
  if (own.get() < 0) throw to_error(value.Env(), system_failure(name, errno));
  return own;
}

InputArgument::InputArgument(const Napi::Value& value) {
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto array = value.As<Napi::Uint8Array>();
    bytes_ = Bytes(array.Data(), array.ByteLength());
    keep_alive_ = Napi::Persistent(value.As<Napi::Object>());
    return;
  }
  if (!value.IsObject())
    throw Napi::TypeError::New(value.Env(), "input must be a file range or a Uint8Array");
  const auto range = value.As<Napi::Object>();
  file_ = take_descriptor(range.Get("descriptor"), "input.descriptor");
  offset_ = whole_number(range.Get("offset"), "input.offset");
  length_ = whole_number(range.Get("length"), "input.length");
}

std::unique_ptr<Input> InputArgument::open() const {
  if (file_.get() < 0) return std::make_unique<MemoryInput>(bytes_);
  return std::make_unique<FileInput>(file_.get(), offset_, length_);
}

Napi::Value to_buffer(Napi::Env env, const std::vector<std::uint8_t>& bytes) {
  return Napi::Buffer<std::uint8_t>::Copy(env, bytes.data(), bytes.size());
}

Napi::Value Work::start(std::unique_ptr<Work> work) {
  const auto promise = work->outcome_.Promise();
  work->Queue();
  work.release();
  return promise;
}

void Work::Execute() {
  try {
    failure_ = run();
  } catch (const std::bad_alloc&) {
    failure_ = Failure{FailureCode::limit, "out of memory"};
  }
}

void Work::OnOK() {
  if (failure_) {
    outcome_.Reject(to_error(Env(), *failure_).Value());
    return;
  }
  try {
    outcome_.Resolve(result(Env()));
  } catch (const Napi::Error& error) {
    outcome_.Reject(error.Value());
  }
}

}  // namespace ikfs
