/**
 * The addon's JavaScript face: the interface Native of src/native.ts. All work is done by the code beside it,
 * which knows nothing of Node; here arguments are taken apart and promises settled. Arguments of a wrong type
 * throw TypeError.
 */
#include <fcntl.h>
#include <napi.h>
#include <sys/mman.h>

#include <cerrno>
#include <cmath>
#include <memory>
#include <new>
#include <string>

#include "archive/index_archive.h"
#include "codec/decode_stream.h"
#include "core/unique_fd.h"
#include "failure_binding.h"
#include "fuse/mount_binding.h"
#include "fuse/session_binding.h"

namespace ikfs {

namespace {

/** A whole number that JavaScript can hold exactly. */
std::uint64_t take_count(const Napi::Value& value, const char* name) {
  constexpr double largest = 9007199254740991.0;
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= largest && std::floor(number) == number)) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a whole number, not negative");
  }
  return static_cast<std::uint64_t>(number);
}

/**
 * A descriptor of the work's own for the same open file: should JavaScript close its descriptor too early,
 * the work must not read or write whatever file gets that number next.
 */
UniqueFd take_descriptor(const Napi::Value& value, const char* name) {
  const auto number = take_count(value, name);
  if (number > INT_MAX) throw Napi::TypeError::New(value.Env(), std::string(name) + " is no descriptor");
  UniqueFd own(fcntl(static_cast<int>(number), F_DUPFD_CLOEXEC, 0));
  if (own.get() < 0) throw to_error(value.Env(), system_failure(name, errno));
  return own;
}

/** A NativeInput: a range of a file, or memory that is kept alive until the work is done. */
class InputArgument {
 public:
  explicit InputArgument(const Napi::Value& value) {
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
    offset_ = take_count(range.Get("offset"), "input.offset");
    length_ = take_count(range.Get("length"), "input.length");
  }

  std::unique_ptr<Input> open() const {
    if (file_.get() < 0) return std::make_unique<MemoryInput>(bytes_);
    return std::make_unique<FileInput>(file_.get(), offset_, length_);
  }

 private:
  Bytes bytes_;
  Napi::ObjectReference keep_alive_;
  UniqueFd file_;
  std::uint64_t offset_ = 0;
  std::uint64_t length_ = 0;
};

/** Work for a thread of libuv's pool, and the promise of its outcome. */
class Work : public Napi::AsyncWorker {
 public:
  explicit Work(Napi::Env env) : AsyncWorker(env, "ikfs"), outcome_(env) {}

  /** Starts the work, which deletes itself when it is done. */
  static Napi::Value start(std::unique_ptr<Work> work) {
    const auto promise = work->outcome_.Promise();
    work->Queue();
    work.release();
    return promise;
  }

 protected:
  /** What is done off the JavaScript thread. */
  virtual Status run() = 0;
  /** What the promise resolves to, once `run` has succeeded. */
  virtual Napi::Value result(Napi::Env env) = 0;

  static Napi::Object counts(Napi::Env env, const Decoded& decoded) {
    auto object = Napi::Object::New(env);
    object.Set("consumed", Napi::Number::New(env, static_cast<double>(decoded.consumed)));
    object.Set("produced", Napi::Number::New(env, static_cast<double>(decoded.produced)));
    return object;
  }

  static Napi::Value buffer(Napi::Env env, const std::vector<std::uint8_t>& bytes) {
    return Napi::Buffer<std::uint8_t>::Copy(env, bytes.data(), bytes.size());
  }

 private:
  void Execute() override {
    try {
      failure_ = run();
    } catch (const std::bad_alloc&) {
      failure_ = Failure{FailureCode::limit, "out of memory"};
    }
  }

  void OnOK() override {
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

  Napi::Promise::Deferred outcome_;
  Status failure_;
};

class DecodeWork final : public Work {
 public:
  DecodeWork(const Napi::CallbackInfo& info, const Codec& codec)
      : Work(info.Env()), codec_(codec), input_(info[1]), cap_(take_count(info[3], "cap")) {
    if (!info[2].IsNull()) output_ = take_descriptor(info[2], "output");
  }

 private:
  Status run() override {
    FileOutput file(output_.get());
    Output& output = output_.get() < 0 ? static_cast<Output&>(memory_) : file;
    auto decoded = decode_stream(codec_, *input_.open(), output, cap_);
    if (auto* failure = std::get_if<Failure>(&decoded)) return std::move(*failure);
    decoded_ = std::get<Decoded>(decoded);
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    auto object = counts(env, decoded_);
    object.Set("bytes", output_.get() < 0 ? buffer(env, memory_.take()) : env.Undefined());
    return object;
  }

  const Codec& codec_;
  InputArgument input_;
  UniqueFd output_;
  std::uint64_t cap_;
  MemoryOutput memory_;
  Decoded decoded_{};
};

class IndexArchiveWork final : public Work {
 public:
  explicit IndexArchiveWork(const Napi::CallbackInfo& info)
      : Work(info.Env()),
        input_(info[0]),
        output_(take_descriptor(info[1], "output")),
        caps_(take_caps(info[2])) {}

 private:
  static ArchiveCaps take_caps(const Napi::Value& value) {
    if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "caps must be an object");
    const auto caps = value.As<Napi::Object>();
    return {take_count(caps.Get("bytes"), "caps.bytes"), take_count(caps.Get("entries"), "caps.entries")};
  }

  Status run() override {
    const Codec* xz = find_codec("xz");
    if (xz == nullptr) return Failure{FailureCode::unsupported, "the addon was built without liblzma"};
    FileOutput output(output_.get());
    auto indexed = index_archive(*xz, *input_.open(), output, caps_);
    if (auto* failure = std::get_if<Failure>(&indexed)) return std::move(*failure);
    archive_ = std::get<IndexedArchive>(std::move(indexed));
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    auto object = counts(env, archive_.counts);
    object.Set("index", buffer(env, archive_.index));
    return object;
  }

  InputArgument input_;
  UniqueFd output_;
  ArchiveCaps caps_;
  IndexedArchive archive_{};
};

std::string take_string(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Value decode(const Napi::CallbackInfo& info) {
  const auto name = take_string(info[0], "codec");
  const Codec* codec = find_codec(name);
  if (codec == nullptr) throw to_error(info.Env(), {FailureCode::unsupported, "no decoder for " + name});
  return Work::start(std::make_unique<DecodeWork>(info, *codec));
}

Napi::Value index_archive_of(const Napi::CallbackInfo& info) {
  return Work::start(std::make_unique<IndexArchiveWork>(info));
}

Napi::Value memory_file(const Napi::CallbackInfo& info) {
  const auto name = take_string(info[0], "name");
  const int descriptor = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) throw to_error(info.Env(), system_failure("memfd_create", errno));
  return Napi::Number::New(info.Env(), descriptor);
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  const auto all = codecs();
  auto names = Napi::Array::New(env, all.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) names.Set(i, std::string(all[i].name));
  exports.Set("decoders", names);
  exports.Set("decode", Napi::Function::New<decode>(env, "decode"));
  exports.Set("indexArchive", Napi::Function::New<index_archive_of>(env, "indexArchive"));
  exports.Set("memoryFile", Napi::Function::New<memory_file>(env, "memoryFile"));
  exports.Set("mounting", fuse::mount_functions(env));
  exports.Set("openSession", fuse::open_session_function(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(ikfs, initialise)

}  // namespace ikfs
