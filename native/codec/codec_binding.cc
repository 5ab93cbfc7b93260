#include "codec/codec_binding.h"

#include <memory>
#include <string>

#include "core/failure_binding.h"
#include "core/values_binding.h"
#include "core/work_binding.h"

namespace ikfs {

namespace {

class DecodeWork final : public Work {
 public:
  DecodeWork(const Napi::CallbackInfo& info, const Codec& codec)
      : Work(info.Env()), codec_(codec), input_(info[1]), cap_(whole_number(info[3], "cap")) {
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
    auto object = to_object(env, decoded_);
    object.Set("bytes", output_.get() < 0 ? to_buffer(env, memory_.take()) : env.Undefined());
    return object;
  }

  const Codec& codec_;
  InputArgument input_;
  UniqueFd output_;
  std::uint64_t cap_;
  MemoryOutput memory_;
  Decoded decoded_{};
};

Napi::Value decode(const Napi::CallbackInfo& info) {
  const auto name = text(info[0], "codec");
  const Codec* codec = find_codec(name);
  if (codec == nullptr) throw to_error(info.Env(), {FailureCode::unsupported, "no decoder for " + name});
  return Work::start(std::make_unique<DecodeWork>(info, *codec));
}

}  // namespace

Napi::Object to_object(Napi::Env env, const Decoded& decoded) {
  auto object = Napi::Object::New(env);
  object.Set("consumed", Napi::Number::New(env, static_cast<double>(decoded.consumed)));
  object.Set("produced", Napi::Number::New(env, static_cast<double>(decoded.produced)));
  return object;
}

void add_codecs(Napi::Env env, Napi::Object exports) {
  const auto all = codecs();
  auto names = Napi::Array::New(env, all.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) names.Set(i, std::string(all[i].name));
  exports.Set("decoders", names);
  exports.Set("decode", Napi::Function::New<decode>(env, "decode"));
}

}  // namespace ikfs
