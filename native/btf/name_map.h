#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace ikfs::btf {

/** FNV-1a over words with a last mixing: its low bits choose the slot. */
inline std::uint32_t hash_of_name(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = (hash ^ word) * 0x9fb21c651e98df25;
    hash ^= hash >> 29;
  }
  std::uint64_t rest = left;
  std::memcpy(&rest, at, left);
  hash = (hash ^ rest ^ std::uint64_t{text.size()} << 56) * 0x9fb21c651e98df25;
  return static_cast<std::uint32_t>(hash >> 32);
}

/**
 * Values by names, in one piece of memory: much faster than std::unordered_map for the ten thousands of names
 * that BTF has. Names must stay where they are; none is taken out.
 */
template <typename Value>
class NameMap {
 public:
  /** @param expected how many names there will be; more are taken as well */
  explicit NameMap(std::size_t expected = 0) : slots_(slots_for(expected)) {}

  /** The value of a name, and whether it is new: then it is `Value{}`. Holds until the next name is added. */
  std::pair<Value&, bool> add(std::string_view name) {
    if (used_ * 2 >= slots_.size()) grow();
    const auto hash = hash_of_name(name);
    auto& slot = slots_[find(name, hash)];
    const bool is_new = !slot.text;
    if (is_new) {
      slot = {name.data(), static_cast<std::uint32_t>(name.size()), hash, Value{}};
      ++used_;
    }
    return {slot.value, is_new};
  }

  /** The value of a name; nullptr when it is not there. */
  const Value* get(std::string_view name) const {
    const auto& slot = slots_[find(name, hash_of_name(name))];
    return slot.text ? &slot.value : nullptr;
  }

 private:
  struct Slot {
    const char* text = nullptr;
    std::uint32_t length = 0;
    std::uint32_t hash = 0;
    Value value{};
  };

  static std::size_t slots_for(std::size_t names) {
    std::size_t slots = 1 << 6;
    while (slots < names * 2) slots *= 2;
    return slots;
  }

  std::size_t find(std::string_view name, std::uint32_t hash) const {
    const auto mask = slots_.size() - 1;
    auto at = hash & mask;
    while (slots_[at].text &&
           (slots_[at].hash != hash || std::string_view(slots_[at].text, slots_[at].length) != name))
      at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 4);
    old.swap(slots_);
    for (const auto& slot : old) {
      if (slot.text) slots_[find({slot.text, slot.length}, slot.hash)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace ikfs::btf
