#include "fuse/waiting.h"

#include <algorithm>
#include <iterator>

namespace ikfs::fuse {

Waiting::Parking Waiting::park(const Key& key, Parked request) {
  const std::lock_guard lock(mutex_);
  if (closed_) return Parking::closed;
  const auto [place, first] = parked_.try_emplace(key);
  place->second.push_back(std::move(request));
  return first ? Parking::first : Parking::joined;
}

std::vector<Parked> Waiting::take(const Key& key) {
  const std::lock_guard lock(mutex_);
  auto node = parked_.extract(key);
  return node.empty() ? std::vector<Parked>{} : std::move(node.mapped());
}

std::optional<Parked> Waiting::withdraw(std::uint64_t unique) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, requests] : parked_) {
    const auto found = std::find_if(requests.begin(), requests.end(), [unique](const Parked& request) {
      return request.header.unique == unique;
    });
    if (found == requests.end()) continue;
    auto request = std::move(*found);
    requests.erase(found);
    return request;
  }
  return std::nullopt;
}

std::size_t Waiting::count() {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [key, requests] : parked_) count += requests.size();
  return count;
}

std::vector<Parked> Waiting::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  std::vector<Parked> all;
  for (auto& [key, requests] : parked_) {
    std::move(requests.begin(), requests.end(), std::back_inserter(all));
  }
  parked_.clear();
  return all;
}

}  // namespace ikfs::fuse
