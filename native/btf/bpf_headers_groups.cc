#include "btf/bpf_headers_groups.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace ikfs::btf {

HeaderGroups::HeaderGroups(const HeaderGraph& graph) {
  find_groups(graph);
  find_targets(graph);
}

/** Tarjan's algorithm ("Depth-First Search and Linear Graph Algorithms", 1972) with a stack of its own. */
void HeaderGroups::find_groups(const HeaderGraph& graph) {
  const auto headers = static_cast<std::uint32_t>(graph.size());
  groups_.resize(headers);
  struct Visit {
    std::uint32_t header;
    std::size_t next;
  };
  std::vector<std::uint32_t> met(headers), earliest(headers), open;
  std::vector<bool> is_open(headers);
  std::vector<Visit> path;
  std::uint32_t last_met = 0;
  const auto enter = [&](std::uint32_t header) {
    met[header] = earliest[header] = ++last_met;
    open.push_back(header);
    is_open[header] = true;
    path.push_back({header, 0});
  };
  const auto close = [&](std::uint32_t header) {
    auto& group = members_.emplace_back();
    for (;;) {
      const auto member = open.back();
      open.pop_back();
      is_open[member] = false;
      groups_[member] = count() - 1;
      group.push_back(member);
      if (member == header) break;
    }
    std::sort(group.begin(), group.end());
  };
  for (std::uint32_t root = 0; root < headers; ++root) {
    if (met[root] != 0) continue;
    enter(root);
    while (!path.empty()) {
      auto& [header, next] = path.back();
      const auto& needs = graph[header];
      if (next < needs.size()) {
        const auto needed = needs[next++];
        if (met[needed] == 0)
          enter(needed);
        else if (is_open[needed])
          earliest[header] = std::min(earliest[header], met[needed]);
        continue;
      }
      const auto left = header;
      path.pop_back();
      if (!path.empty()) {
        auto& before = earliest[path.back().header];
        before = std::min(before, earliest[left]);
      }
      if (earliest[left] == met[left]) close(left);
    }
  }
}

/** Groups come behind what they lead to, so all that a group leads to is known when its turn comes. */
void HeaderGroups::find_targets(const HeaderGraph& graph) {
  targets_.resize(count());
  for (std::uint32_t group = 0; group < count(); ++group) {
    for (const auto header : members_[group]) {
      for (const auto target : graph[header])
        if (groups_[target] != group) targets_[group].push_back(groups_[target]);
    }
  }
  number_rows();
  for (std::uint32_t group = 0; group < count(); ++group) {
    if (rows_[group] == none) continue;
    targets_[group] = reduced(std::move(targets_[group]));
    auto* own = &reach_[rows_[group] * words_];
    for (const auto target : targets_[group]) {
      const auto* other = &reach_[rows_[target] * words_];
      for (std::size_t word = 0; word < words_; ++word) own[word] |= other[word];
    }
    own[rows_[group] / 64] |= std::uint64_t{1} << rows_[group] % 64;
  }
}

/** Makes room for those that lead to others or are led to. */
void HeaderGroups::number_rows() {
  rows_.assign(count(), none);
  std::uint32_t rows = 0;
  const auto number = [&](std::uint32_t group) {
    if (rows_[group] == none) rows_[group] = rows++;
  };
  for (std::uint32_t group = 0; group < count(); ++group) {
    if (!targets_[group].empty()) number(group);
    for (const auto target : targets_[group]) number(target);
  }
  words_ = (rows + std::size_t{63}) / 64;
  reach_.resize(rows * words_);
}

std::vector<std::uint32_t> HeaderGroups::reduced(std::vector<std::uint32_t> groups) const {
  std::sort(groups.begin(), groups.end(), std::greater<>());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::vector<std::uint32_t> kept;
  // What leads to a group comes behind it, so it is among those that were kept before.
  for (const auto group : groups) {
    const bool reached =
        std::any_of(kept.begin(), kept.end(), [&](auto other) { return leads_to(other, group); });
    if (!reached) kept.push_back(group);
  }
  return kept;
}

}  // namespace ikfs::btf
