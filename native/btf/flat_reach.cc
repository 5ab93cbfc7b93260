#include "btf/flat_reach.h"

#include <string>

#include "btf/complaint.h"
#include "btf/references.h"

namespace ikfs::btf {

Status FlatReach::find() {
  for (auto id = split_.first(); id < split_.count(); ++id) {
    TypeId missing = 0;
    visit_references(
        split_.type(id).words(), [](std::uint32_t) {},
        [&](TypeId target) {
          if (target >= split_.count()) missing = target;
          if (target < split_.first()) add(target);
        });
    if (missing != 0)
      return complaint(split_, id, "refers to type " + std::to_string(missing) + ", which is none");
  }
  for (std::size_t next = 0; next < singles_.size(); ++next) {
    visit_references(
        base_.type(singles_[next]).words(), [](std::uint32_t) {}, [&](TypeId target) { add(target); });
  }
  if (core_) std::erase_if(singles_, [&](TypeId id) { return base_.core().types.contains(id); });
  return {};
}

void FlatReach::add(TypeId id) {
  if (id == 0 || types_.contains(id)) return;
  if (base_.core().circle.contains(id)) {
    core_ = true;
    types_.add_all(base_.core().types);
    return;
  }
  types_.add(id);
  singles_.push_back(id);
}

std::size_t FlatReach::word_count() const {
  auto count = split_.words().size() + (core_ ? base_.core().word_count : 0);
  for (const auto id : singles_) count += base_.type(id).words().size();
  return count;
}

}  // namespace ikfs::btf
