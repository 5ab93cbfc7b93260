#pragma once

#include <cstdint>
#include <vector>

namespace ikfs::btf {

/** By the number of a header: the numbers of headers that it leads to. */
using HeaderGraph = std::vector<std::vector<std::uint32_t>>;

/** Headers that lead to each other in a circle are one group; most groups are one header. */
class HeaderGroups {
 public:
  explicit HeaderGroups(const HeaderGraph& graph);

  std::uint32_t of(std::uint32_t header) const { return groups_[header]; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(members_.size()); }
  /** The headers of a group, in order; groups come behind those that they lead to. */
  const std::vector<std::uint32_t>& members(std::uint32_t group) const { return members_[group]; }
  /** The groups that a group leads to, without itself and without those that others of them lead to anyway.
   */
  const std::vector<std::uint32_t>& targets(std::uint32_t group) const { return targets_[group]; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  void find_groups(const HeaderGraph& graph);
  void find_targets(const HeaderGraph& graph);
  void number_rows();
  std::vector<std::uint32_t> reduced(std::vector<std::uint32_t> groups) const;
  bool leads_to(std::uint32_t group, std::uint32_t other) const {
    const auto bit = rows_[other];
    return (reach_[rows_[group] * words_ + bit / 64] >> bit % 64 & 1) != 0;
  }

  std::vector<std::uint32_t> groups_;
  HeaderGraph members_;
  HeaderGraph targets_;
  /** By group: its row in reach_ and its bit in all rows; only for those that lead to others or are led to.
   */
  std::vector<std::uint32_t> rows_;
  /** A bit for each group that a group leads to, itself among them. */
  std::vector<std::uint64_t> reach_;
  std::size_t words_ = 0;
};

}  // namespace ikfs::btf
