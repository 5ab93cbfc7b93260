#include "btf/same_types.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "btf/btf.h"
#include "btf/references.h"

namespace ikfs::btf {

namespace {

using Number = std::uint32_t;

std::uint64_t hash_of(std::span<const std::uint32_t> words) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(words.data()), words.size_bytes()});
}

/** Lists of numbers, one behind the other. */
struct Lists {
  std::vector<std::uint32_t> starts;
  std::vector<Number> numbers;

  std::span<const Number> of(Number number) const {
    return std::span(numbers).subspan(starts[number], starts[number + 1] - starts[number]);
  }
};

class Partition {
 public:
  Partition(std::span<const std::uint32_t> words, std::span<const std::uint32_t> starts, TypeId first)
      : words_(words), starts_(starts), first_(first), classes_(starts.size()), places_(starts.size()) {}

  std::vector<Number> first_of_same();

 private:
  struct Class {
    std::uint32_t start;
    std::uint32_t size;
  };
  struct Hashed {
    std::uint64_t hash;
    Number type;
  };

  Number count() const { return static_cast<Number>(starts_.size()); }
  Type type(Number number) const { return Type(words_.data() + starts_[number]); }

  void collect_references();
  void begin();
  void refine();
  void split(std::span<Hashed> touched);
  /** Puts types that are alike next to each other. @returns the ends of such groups */
  template <typename Words>
  void group(std::span<Hashed> types, Words words_of);

  /** A type's words without what other such types it refers to. */
  std::span<const std::uint32_t> shape(Number number, std::vector<std::uint32_t>& into) const;
  /** The classes that it refers to. */
  std::span<const std::uint32_t> targets(Number number, std::vector<std::uint32_t>& into) const;

  std::span<const std::uint32_t> words_;
  std::span<const std::uint32_t> starts_;
  TypeId first_;
  /** What each type refers to, and what refers to it. */
  Lists references_;
  Lists users_;
  /** The class of each type, and its place in `order_`, where a class' types lie together. */
  std::vector<Number> classes_;
  std::vector<Number> places_;
  std::vector<Number> order_;
  std::vector<Class> ranges_;
  /** Types that got another class since those that refer to them were looked at. */
  std::vector<Number> changed_;
  std::vector<std::uint32_t> ends_;
  std::vector<std::uint32_t> left_;
  std::vector<std::uint32_t> right_;
};

std::vector<Number> Partition::first_of_same() {
  collect_references();
  begin();
  refine();
  std::vector<Number> firsts(ranges_.size(), UINT32_MAX);
  std::vector<Number> found(count());
  for (Number number = 0; number < count(); ++number) {
    auto& first = firsts[classes_[number]];
    first = std::min(first, number);
    found[number] = first;
  }
  return found;
}

void Partition::collect_references() {
  users_.starts.resize(starts_.size() + 1);
  for (Number number = 0; number < count(); ++number) {
    references_.starts.push_back(static_cast<std::uint32_t>(references_.numbers.size()));
    visit_references(
        type(number).words(), [](std::uint32_t) {},
        [&](TypeId id) {
          if (id < first_) return;
          references_.numbers.push_back(id - first_);
          ++users_.starts[id - first_ + 1];
        });
  }
  references_.starts.push_back(static_cast<std::uint32_t>(references_.numbers.size()));
  std::partial_sum(users_.starts.begin(), users_.starts.end(), users_.starts.begin());
  users_.numbers.resize(references_.numbers.size());
  auto next = users_.starts;
  for (Number number = 0; number < count(); ++number) {
    for (const auto target : references_.of(number)) users_.numbers[next[target]++] = number;
  }
}

std::span<const std::uint32_t> Partition::shape(Number number, std::vector<std::uint32_t>& into) const {
  const auto words = type(number).words();
  into.assign(words.begin(), words.end());
  visit_references(
      std::span(into), [](std::uint32_t) {}, [&](TypeId& id) { id = std::min(id, first_); });
  return into;
}

std::span<const std::uint32_t> Partition::targets(Number number, std::vector<std::uint32_t>& into) const {
  into.clear();
  for (const auto target : references_.of(number)) into.push_back(classes_[target]);
  return into;
}

template <typename Words>
void Partition::group(std::span<Hashed> types, Words words_of) {
  for (auto& [hash, number] : types) hash = hash_of(words_of(number, left_));
  std::sort(types.begin(), types.end(), [](const Hashed& a, const Hashed& b) {
    return std::pair(a.hash, a.type) < std::pair(b.hash, b.type);
  });
  const auto compare = [&](const Hashed& a, const Hashed& b) {
    const auto left = words_of(a.type, left_);
    const auto right = words_of(b.type, right_);
    return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(), right.end());
  };
  ends_.clear();
  for (std::size_t at = 0; at < types.size();) {
    auto end = at + 1;
    bool alike = true;
    for (; end < types.size() && types[end].hash == types[at].hash; ++end)
      alike = alike && compare(types[at], types[end]) == 0;
    if (!alike) {
      // Different words of one hash: rare, unless somebody has looked for them.
      std::sort(types.begin() + static_cast<std::ptrdiff_t>(at),
                types.begin() + static_cast<std::ptrdiff_t>(end),
                [&](const Hashed& a, const Hashed& b) { return compare(a, b) < 0; });
      for (auto next = at + 1; next < end; ++next) {
        if (compare(types[next - 1], types[next]) != 0) ends_.push_back(static_cast<std::uint32_t>(next));
      }
    }
    ends_.push_back(static_cast<std::uint32_t>(end));
    at = end;
  }
}

void Partition::begin() {
  std::vector<Hashed> types(count());
  for (Number number = 0; number < count(); ++number) types[number].type = number;
  group(std::span(types), [&](Number number, auto& into) { return shape(number, into); });
  order_.resize(count());
  for (std::uint32_t at = 0; const auto end : ends_) {
    ranges_.push_back({at, end - at});
    for (; at < end; ++at) {
      const auto number = types[at].type;
      order_[at] = number;
      places_[number] = at;
      classes_[number] = static_cast<Number>(ranges_.size() - 1);
    }
  }
}

void Partition::refine() {
  std::vector<Hashed> touched;
  const auto touch = [&](Number number) {
    if (ranges_[classes_[number]].size > 1 && !references_.of(number).empty()) touched.push_back({0, number});
  };
  for (Number number = 0; number < count(); ++number) touch(number);
  while (!touched.empty()) {
    const auto by_class = [&](const Hashed& a, const Hashed& b) {
      return std::pair(classes_[a.type], a.type) < std::pair(classes_[b.type], b.type);
    };
    std::sort(touched.begin(), touched.end(), by_class);
    const auto last = std::unique(touched.begin(), touched.end(),
                                  [](const Hashed& a, const Hashed& b) { return a.type == b.type; });
    touched.erase(last, touched.end());
    changed_.clear();
    for (auto from = touched.begin(); from != touched.end();) {
      const auto of = classes_[from->type];
      const auto to =
          std::find_if(from, touched.end(), [&](const Hashed& a) { return classes_[a.type] != of; });
      split({from, to});
      from = to;
    }
    touched.clear();
    for (const auto number : changed_) {
      for (const auto user : users_.of(number)) touch(user);
    }
  }
}

/**
 * Splits a class by what its members refer to.
 * @param touched its members whose references have changed; the others' are still alike. Those keep the class
 * who are most: a type then changes its class but as often as its class can halve.
 */
void Partition::split(std::span<Hashed> touched) {
  const auto of = classes_[touched.front().type];
  const auto [start, size] = ranges_[of];
  group(touched, [&](Number number, auto& into) { return targets(number, into); });
  const auto rest = size - static_cast<std::uint32_t>(touched.size());
  if (rest == 0 && ends_.size() == 1) return;
  for (auto at = static_cast<std::uint32_t>(touched.size()); at-- > 0;) {
    const auto number = touched[at].type;
    const auto place = start + rest + at;
    const auto other = order_[place];
    std::swap(order_[place], order_[places_[number]]);
    std::swap(places_[other], places_[number]);
  }
  std::vector<Class> parts;
  if (rest > 0) parts.push_back({start, rest});
  for (std::uint32_t from = 0; const auto end : ends_) {
    parts.push_back({start + rest + from, end - from});
    from = end;
  }
  const auto most = std::max_element(parts.begin(), parts.end(),
                                     [](const Class& a, const Class& b) { return a.size < b.size; });
  std::iter_swap(parts.begin(), most);
  ranges_[of] = parts.front();
  for (const auto& part : std::span(parts).subspan(1)) {
    ranges_.push_back(part);
    for (auto at = part.start; at < part.start + part.size; ++at) {
      classes_[order_[at]] = static_cast<Number>(ranges_.size() - 1);
      changed_.push_back(order_[at]);
    }
  }
}

}  // namespace

std::vector<std::uint32_t> first_of_same(std::span<const std::uint32_t> words,
                                         std::span<const std::uint32_t> starts, TypeId first) {
  return Partition(words, starts, first).first_of_same();
}

}  // namespace ikfs::btf
