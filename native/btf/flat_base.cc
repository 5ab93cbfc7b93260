#include "btf/flat_base.h"

#include <algorithm>
#include <string>

#include "btf/builder.h"
#include "btf/complaint.h"
#include "btf/largest_circle.h"
#include "btf/references.h"

namespace ikfs::btf {

FlatBase::FlatBase(const Btf* base) : btf_(base) {
  if (btf_ == nullptr) return;
  unusable_ = read();
  if (!unusable_) find_core();
}

Status FlatBase::read() {
  if (auto failure = strings_.add(*btf_)) return failure;
  for (TypeId id = 1; id < btf_->count(); ++id) {
    const auto words = btf_->type(id).words();
    const auto at = words_.size();
    if (words.size() > most_words - at) return Failure{FailureCode::limit, "the types have more than 1 GiB"};
    starts_.push_back(static_cast<std::uint32_t>(at));
    words_.insert(words_.end(), words.begin(), words.end());
    TypeId missing = 0;
    visit_references(
        std::span(words_).subspan(at), [&](std::uint32_t& name) { name = *strings_.at(name); },
        [&](TypeId target) {
          if (target >= btf_->count()) missing = target;
        });
    if (missing != 0)
      return complaint(*btf_, id, "refers to type " + std::to_string(missing) + ", which is none");
  }
  return {};
}

void FlatBase::find_core() {
  const auto targets = [this](TypeId id, auto visit) {
    visit_references(
        type(id).words(), [](std::uint32_t) {}, visit);
  };
  const auto circle = largest_circle(count(), targets);
  core_ = {NumberSet(count()), NumberSet(count()), 0, NumberSet(strings_.size()), 0};
  for (const auto id : circle) {
    core_.circle.add(id);
    core_.types.add(id);
  }
  auto waiting = circle;
  while (!waiting.empty()) {
    const auto words = type(waiting.back()).words();
    waiting.pop_back();
    core_.word_count += words.size();
    visit_references(
        words,
        [&](std::uint32_t string) {
          const auto text = strings_.text(string);
          if (core_.strings.add(string) && !text.empty()) core_.string_bytes += text.size() + 1;
        },
        [&](TypeId target) {
          if (target != 0 && core_.types.add(target)) waiting.push_back(target);
        });
  }
}

}  // namespace ikfs::btf
