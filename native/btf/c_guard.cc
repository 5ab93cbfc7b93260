#include "btf/c_guard.h"

#include <utility>

#include "btf/complaint.h"

namespace ikfs::btf {

namespace {

/** Linux takes 0.7 steps a word. */
constexpr std::uint64_t steps_a_word = 8;
constexpr std::uint64_t steps_at_least = 1 << 20;

}  // namespace

CGuard::CGuard(const Btf& btf) : btf_(btf), most_steps_(steps_at_least) {
  for (const auto* part = &btf; part; part = part->base().get())
    most_steps_ += steps_a_word * part->words().size();
}

bool CGuard::fail(TypeId id, const std::string& what) { return fail(complaint(btf_, id, what)); }

bool CGuard::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  return false;
}

bool CGuard::refuse(TypeId id) {
  if (depth_ > deepest)
    return fail(id, "is part of others, more than " + std::to_string(deepest) + " levels deep");
  auto failure = complaint(btf_, id, "is part of types that unfold without end");
  failure.code = FailureCode::limit;
  return fail(std::move(failure));
}

}  // namespace ikfs::btf
