#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "btf/btf.h"

namespace ikfs::btf {

/**
 * The most types of which each reaches each other; of several such sets one. Tarjan's algorithm ("Depth-First
 * Search and Linear Graph Algorithms", 1972) with a stack of its own, as types may refer to each other in a
 * chain of any length.
 * @param count one more than the greatest number of a type
 * @param targets called with a type's number and a function, which it calls with the number of each type that
 * it refers to; 0 is passed over
 */
template <typename Targets>
std::vector<TypeId> largest_circle(TypeId count, Targets targets) {
  struct Visit {
    TypeId type;
    /** Where its targets that are still to be visited begin in `pending`. */
    std::size_t first_pending;
  };
  /** The order in which types were met, from 1 on, and the earliest met that each reaches. */
  std::vector<TypeId> met(count), earliest(count);
  std::vector<bool> is_open(count);
  std::vector<TypeId> open, pending, largest;
  std::vector<Visit> path;
  TypeId last_met = 0;

  const auto enter = [&](TypeId id) {
    met[id] = earliest[id] = ++last_met;
    open.push_back(id);
    is_open[id] = true;
    path.push_back({id, pending.size()});
    targets(id, [&](TypeId target) {
      if (target != 0) pending.push_back(target);
    });
  };
  const auto leave = [&](TypeId id) {
    path.pop_back();
    if (!path.empty()) {
      auto& before = earliest[path.back().type];
      before = std::min(before, earliest[id]);
    }
    if (earliest[id] != met[id]) return;
    const auto first = std::find(open.rbegin(), open.rend(), id).base() - 1;
    for (auto each = first; each != open.end(); ++each) is_open[*each] = false;
    if (open.end() - first > static_cast<std::ptrdiff_t>(largest.size())) largest.assign(first, open.end());
    open.erase(first, open.end());
  };
  for (TypeId root = 1; root < count; ++root) {
    if (met[root] != 0) continue;
    enter(root);
    while (!path.empty()) {
      const auto [id, first_pending] = path.back();
      if (pending.size() == first_pending) {
        leave(id);
        continue;
      }
      const auto target = pending.back();
      pending.pop_back();
      if (met[target] == 0)
        enter(target);
      else if (is_open[target])
        earliest[id] = std::min(earliest[id], met[target]);
    }
  }
  return largest;
}

}  // namespace ikfs::btf
