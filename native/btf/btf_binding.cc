/** BTF for JavaScript: NativeBtf of src/native.ts. */
#include "btf/btf_binding.h"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "btf/bpf_headers_binding.h"
#include "btf/btf.h"
#include "btf/c_header.h"
#include "btf/flatten.h"
#include "btf/relocate.h"
#include "btf/validate.h"
#include "core/output.h"
#include "core/values_binding.h"
#include "core/work_binding.h"

namespace ikfs::btf {

namespace {

using Shared = std::shared_ptr<const Btf>;

/** BTF is read as a whole; that of a kernel has 5 MB, of a kernel with everything built in 15. */
constexpr std::size_t largest_input = 256 * 1024 * 1024;

class BtfObject : public Napi::ObjectWrap<BtfObject> {
 public:
  static Napi::Function constructor(Napi::Env env);

  explicit BtfObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BtfObject>(info) {
    if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "BTF is opened with openBtf");
    btf_ = *info[0].As<Napi::External<Shared>>().Data();
  }

  const Shared& btf() const { return btf_; }

 private:
  Napi::Value types(const Napi::CallbackInfo& info);
  Napi::Value validate_it(const Napi::CallbackInfo& info);
  Napi::Value relocate_it(const Napi::CallbackInfo& info);
  Napi::Value flatten_it(const Napi::CallbackInfo& info);
  Napi::Value flat_size(const Napi::CallbackInfo& info);
  Napi::Value merge_it(const Napi::CallbackInfo& info);
  Napi::Value write_header(const Napi::CallbackInfo& info);
  Napi::Value write_bpf_headers(const Napi::CallbackInfo& info) { return start_bpf_headers(btf_, info); }

  Shared btf_;
};

/** The class of BtfObject in this process' only environment; kept for the life of the addon. */
Napi::FunctionReference& btf_class() {
  static auto* reference = new Napi::FunctionReference;
  return *reference;
}

Shared btf_of(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(btf_class().Value()))
    throw Napi::TypeError::New(value.Env(), "BTF opened with openBtf is needed");
  return BtfObject::Unwrap(value.As<Napi::Object>())->btf();
}

class OpenWork final : public Work {
 public:
  explicit OpenWork(const Napi::CallbackInfo& info) : Work(info.Env()), input_(info[0]) {
    if (!info[1].IsUndefined()) base_ = btf_of(info[1]);
  }

 private:
  Status run() override {
    const auto input = input_.open();
    std::vector<std::uint8_t> bytes;
    for (;;) {
      auto chunk = input->next();
      if (auto* failure = std::get_if<Failure>(&chunk)) return std::move(*failure);
      const auto& read = std::get<Bytes>(chunk);
      if (read.empty()) break;
      if (read.size() > largest_input - bytes.size())
        return Failure{FailureCode::limit, "BTF of more than 256 MiB"};
      bytes.insert(bytes.end(), read.begin(), read.end());
    }
    auto parsed = Btf::parse(bytes, std::move(base_));
    if (auto* failure = std::get_if<Failure>(&parsed)) return std::move(*failure);
    opened_ = std::get<Shared>(std::move(parsed));
    return {};
  }

  Napi::Value result(Napi::Env env) override {
    return btf_class().New({Napi::External<Shared>::New(env, &opened_)});
  }

  InputArgument input_;
  Shared base_;
  Shared opened_;
};

/** Work on BTF that gives bytes, which are returned, or written where a descriptor is given. */
class BytesWork final : public Work {
 public:
  using Make = std::function<Status(Output&)>;

  /** Bytes for JavaScript. */
  BytesWork(Napi::Env env, Make make) : Work(env), make_(std::move(make)) {}

  /** Bytes for a file. */
  BytesWork(const Napi::Value& descriptor, const Napi::Value& cap, Make make)
      : Work(descriptor.Env()),
        make_(std::move(make)),
        output_(take_descriptor(descriptor, "output")),
        cap_(whole_number(cap, "cap")) {}

 private:
  /** Passes bytes on and counts them. */
  class Counting final : public Output {
   public:
    Counting(Output& next, std::uint64_t cap) : next_(next), cap_(cap) {}

    Status write(Bytes bytes) override {
      if (bytes.size() > cap_ - written_)
        return Failure{FailureCode::limit, "more comes out than is allowed"};
      written_ += bytes.size();
      return next_.write(bytes);
    }

    std::uint64_t written() const { return written_; }

   private:
    Output& next_;
    std::uint64_t cap_;
    std::uint64_t written_ = 0;
  };

  Status run() override {
    FileOutput file(output_.get());
    Counting output(output_.get() < 0 ? static_cast<Output&>(memory_) : file, cap_);
    auto failure = make_(output);
    written_ = output.written();
    return failure;
  }

  Napi::Value result(Napi::Env env) override {
    if (output_.get() < 0) return to_buffer(env, memory_.take());
    return Napi::Number::New(env, static_cast<double>(written_));
  }

  Make make_;
  UniqueFd output_;
  std::uint64_t cap_ = largest_input;
  std::uint64_t written_ = 0;
  MemoryOutput memory_;
};

/** Work that only fails or does not. */
class CheckWork final : public Work {
 public:
  CheckWork(Napi::Env env, std::function<Status()> check) : Work(env), check_(std::move(check)) {}

 private:
  Status run() override { return check_(); }
  Napi::Value result(Napi::Env env) override { return env.Undefined(); }

  std::function<Status()> check_;
};

/** Work that gives a number. */
class CountWork final : public Work {
 public:
  CountWork(Napi::Env env, std::function<Result<std::uint64_t>()> count)
      : Work(env), count_(std::move(count)) {}

 private:
  Status run() override {
    auto counted = count_();
    if (auto* failure = std::get_if<Failure>(&counted)) return std::move(*failure);
    counted_ = std::get<std::uint64_t>(counted);
    return {};
  }

  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, static_cast<double>(counted_)); }

  std::function<Result<std::uint64_t>()> count_;
  std::uint64_t counted_ = 0;
};

Napi::Function BtfObject::constructor(Napi::Env env) {
  return DefineClass(env, "Btf",
                     {
                         InstanceAccessor<&BtfObject::types>("types"),
                         InstanceMethod<&BtfObject::validate_it>("validate"),
                         InstanceMethod<&BtfObject::relocate_it>("relocate"),
                         InstanceMethod<&BtfObject::flatten_it>("flatten"),
                         InstanceMethod<&BtfObject::flat_size>("flatSize"),
                         InstanceMethod<&BtfObject::merge_it>("merge"),
                         InstanceMethod<&BtfObject::write_header>("writeHeader"),
                         InstanceMethod<&BtfObject::write_bpf_headers>("writeBpfHeaders"),
                     });
}

Napi::Value BtfObject::types(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), btf_->count() - btf_->first());
}

Napi::Value BtfObject::validate_it(const Napi::CallbackInfo& info) {
  return Work::start(std::make_unique<CheckWork>(info.Env(), [btf = btf_] { return validate(*btf); }));
}

/** Writes what was made as a whole. */
Status write_made(Result<std::vector<std::uint8_t>> made, Output& output) {
  if (auto* failure = std::get_if<Failure>(&made)) return std::move(*failure);
  return output.write(std::get<std::vector<std::uint8_t>>(made));
}

Napi::Value BtfObject::relocate_it(const Napi::CallbackInfo& info) {
  auto make = [btf = btf_, kernel = btf_of(info[0])](Output& output) {
    return write_made(relocate(*btf, *kernel), output);
  };
  return Work::start(std::make_unique<BytesWork>(info.Env(), std::move(make)));
}

Napi::Value BtfObject::flatten_it(const Napi::CallbackInfo& info) {
  auto make = [btf = btf_](Output& output) { return write_made(flatten(*btf), output); };
  return Work::start(std::make_unique<BytesWork>(info[0], info[1], std::move(make)));
}

Napi::Value BtfObject::flat_size(const Napi::CallbackInfo& info) {
  auto count = [btf = btf_] { return ikfs::btf::flat_size(*btf); };
  return Work::start(std::make_unique<CountWork>(info.Env(), std::move(count)));
}

Napi::Value BtfObject::merge_it(const Napi::CallbackInfo& info) {
  const auto given = list(info[0], "splits");
  std::vector<Shared> splits;
  for (std::uint32_t i = 0; i < given.Length(); ++i) splits.push_back(btf_of(given.Get(i)));
  auto make = [btf = btf_, splits = std::move(splits)](Output& output) {
    return write_made(merge(*btf, splits), output);
  };
  return Work::start(std::make_unique<BytesWork>(info[1], info[2], std::move(make)));
}

Napi::Value BtfObject::write_header(const Napi::CallbackInfo& info) {
  const bool own = info[0].ToBoolean();
  auto make = [btf = btf_, own](Output& output) { return write_c_header(*btf, own, output); };
  return Work::start(std::make_unique<BytesWork>(info[1], info[2], std::move(make)));
}

Napi::Value open_btf(const Napi::CallbackInfo& info) { return Work::start(std::make_unique<OpenWork>(info)); }

}  // namespace

void add_btf(Napi::Env env, Napi::Object exports) {
  btf_class() = Napi::Persistent(BtfObject::constructor(env));
  exports.Set("openBtf", Napi::Function::New<open_btf>(env, "openBtf"));
}

}  // namespace ikfs::btf
