#include "btf/bpf_headers_binding.h"

#include <memory>
#include <string>
#include <utility>

#include "btf/bpf_headers.h"
#include "core/output.h"
#include "core/values_binding.h"
#include "core/work_binding.h"

namespace ikfs::btf {

namespace {

class HeadersWork final : public Work {
 public:
  HeadersWork(const Napi::CallbackInfo& info, std::shared_ptr<const Btf> btf)
      : Work(info.Env()),
        btf_(std::move(btf)),
        plan_(text(info[0], "plan")),
        cap_(whole_number(info[1], "cap")) {}

 private:
  Status run() override {
    auto made = write_bpf_headers(*btf_, plan_, cap_, output_);
    if (auto* failure = std::get_if<Failure>(&made)) return std::move(*failure);
    made_ = std::get<MadeHeaders>(std::move(made));
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    const auto count = static_cast<std::uint32_t>(made_.files.size());
    auto paths = Napi::Array::New(env, count);
    auto sizes = Napi::Array::New(env, count);
    for (std::uint32_t at = 0; at < count; ++at) {
      paths.Set(at, made_.files[at].path);
      sizes.Set(at, static_cast<double>(made_.files[at].size));
    }
    auto result = Napi::Object::New(env);
    result.Set("bytes", to_buffer(env, output_.take()));
    result.Set("paths", paths);
    result.Set("sizes", sizes);
    result.Set("bodies", made_.bodies);
    result.Set("opaque", made_.opaque);
    return result;
  }

  std::shared_ptr<const Btf> btf_;
  std::string plan_;
  MemoryOutput output_;
  std::uint64_t cap_;
  MadeHeaders made_;
};

}  // namespace

Napi::Value start_bpf_headers(std::shared_ptr<const Btf> btf, const Napi::CallbackInfo& info) {
  return Work::start(std::make_unique<HeadersWork>(info, std::move(btf)));
}

}  // namespace ikfs::btf
