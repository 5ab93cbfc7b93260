#include "archive/archive_binding.h"

#include <memory>

#include "archive/index_archive.h"
#include "codec/codec_binding.h"
#include "core/values_binding.h"
#include "core/work_binding.h"

namespace ikfs {

namespace {

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
    return {whole_number(caps.Get("bytes"), "caps.bytes"), whole_number(caps.Get("entries"), "caps.entries")};
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
    auto object = to_object(env, archive_.counts);
    object.Set("index", to_buffer(env, archive_.index));
    return object;
  }

  InputArgument input_;
  UniqueFd output_;
  ArchiveCaps caps_;
  IndexedArchive archive_{};
};

Napi::Value index_archive_of(const Napi::CallbackInfo& info) {
  return Work::start(std::make_unique<IndexArchiveWork>(info));
}

}  // namespace

void add_archives(Napi::Env env, Napi::Object exports) {
  exports.Set("indexArchive", Napi::Function::New<index_archive_of>(env, "indexArchive"));
}

}  // namespace ikfs
