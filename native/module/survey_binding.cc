#include "module/survey_binding.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/values_binding.h"
#include "core/work_binding.h"
#include "module/module_survey.h"

namespace ikfs {

namespace {

class SurveyWork final : public Work {
 public:
  explicit SurveyWork(const Napi::CallbackInfo& info) : Work(info.Env()) {
    const auto given = list(info[0], "paths");
    const auto count = given.Length();
    paths_.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index) {
      const Napi::HandleScope scope(info.Env());
      paths_.push_back(text(given.Get(index), "path"));
    }
    if (!info[1].IsUndefined()) read_btf_ = object(info[1], "options").Get("readBtf").ToBoolean();
  }

 private:
  Status run() override {
    survey_ = survey_modules(paths_, read_btf_);
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    const auto size = survey_.records.size() * sizeof(SurveyRecord);
    auto records = Napi::ArrayBuffer::New(env, size);
    if (size > 0) std::memcpy(records.Data(), survey_.records.data(), size);
    auto texts = Napi::Array::New(env);
    for (std::uint32_t index = 0; index < survey_.texts.size(); ++index) {
      const auto& text = survey_.texts[index];
      texts.Set(index, Napi::Buffer<char>::Copy(env, text.data(), text.size()));
    }
    auto survey = Napi::Object::New(env);
    survey.Set("records", records);
    survey.Set("texts", texts);
    for (const auto& [name, number] : {std::pair{"files", survey_.counts.files},
                                       {"bytes", survey_.counts.bytes},
                                       {"btfBytes", survey_.counts.btf_bytes}}) {
      survey.Set(name, Napi::Number::New(env, static_cast<double>(number)));
    }
    return survey;
  }

  std::vector<std::string> paths_;
  bool read_btf_ = false;
  ModuleSurvey survey_;
};

Napi::Value survey_modules_of(const Napi::CallbackInfo& info) {
  return Work::start(std::make_unique<SurveyWork>(info));
}

}  // namespace

void add_surveys(Napi::Env env, Napi::Object exports) {
  exports.Set("surveyModules", Napi::Function::New<survey_modules_of>(env, "surveyModules"));
}

}  // namespace ikfs
