#include "btf/relocate.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "btf/builder.h"
#include "btf/complaint.h"
#include "btf/references.h"
#include "btf/resolver.h"

namespace ikfs::btf {

namespace {

constexpr bool is_composite(Kind kind) { return kind == Kind::structure || kind == Kind::union_type; }

constexpr bool is_distilled(Kind kind) {
  return is_composite(kind) || kind == Kind::integer || kind == Kind::floating || kind == Kind::enumeration ||
         kind == Kind::forward;
}

/** Whether a type of vmlinux is of a kind that distilled ones are made of. */
constexpr bool is_candidate(Kind kind) { return is_distilled(kind) || kind == Kind::enumeration_64; }

class Relocation {
 public:
  Relocation(const Btf& split, const Btf& vmlinux)
      : split_(split), distilled_(*split.base()), vmlinux_(vmlinux), numbers_(distilled_.count()) {}

  Result<std::vector<std::uint8_t>> run();

 private:
  /** The distilled types of one name. */
  struct Named {
    std::vector<TypeId> distilled;
    /** How many structs and unions of vmlinux have the name. */
    std::uint32_t composites = 0;
  };

  Status read_distilled();
  Status find_embedded();
  Status match();
  Status match_one(TypeId id, const Named& named);
  bool stands_for(TypeId distilled, Type candidate, bool several) const;
  Result<std::vector<std::uint8_t>> rewritten() const;
  /** The distilled types of the name of a type of vmlinux, if there are any. */
  Named* named_as(Type candidate);

  const Btf& split_;
  const Btf& distilled_;
  const Btf& vmlinux_;
  std::unordered_map<std::string_view, Named> names_;
  std::size_t longest_name_ = 0;
  /** By the number of a distilled type: whether a member of a type of the split BTF is such a struct itself.
   */
  std::vector<bool> embedded_;
  /** What it stands for; 0 while that is not known. */
  std::vector<TypeId> numbers_;
};

Result<std::vector<std::uint8_t>> Relocation::run() {
  if (auto failure = read_distilled()) return std::move(*failure);
  if (auto failure = find_embedded()) return std::move(*failure);
  if (auto failure = match()) return std::move(*failure);
  return rewritten();
}

Status Relocation::read_distilled() {
  // As long as a name may be in the kernel; those of numbers, too, which may be longer by the letter of it.
  constexpr std::size_t longest = 512;
  for (TypeId id = 1; id < distilled_.count(); ++id) {
    const auto type = distilled_.type(id);
    if (!is_distilled(type.kind()))
      return complaint(distilled_, id, "is of a kind that no distilled base has");
    const auto name = distilled_.string_start(type.name(), longest + 1);
    if (name.empty() || name.size() > longest)
      return complaint(distilled_, id,
                       name.empty() ? "has no name, as none of a distilled base"
                                    : "has a name longer than the kernel knows");
    names_[name].distilled.push_back(id);
    longest_name_ = std::max(longest_name_, name.size());
  }
  return {};
}

Status Relocation::find_embedded() {
  embedded_.resize(distilled_.count());
  Resolver resolver(split_);
  for (auto id = split_.first(); id < split_.count(); ++id) {
    const auto type = split_.type(id);
    if (!is_composite(type.kind())) continue;
    for (std::uint32_t number = 0; number < type.length(); ++number) {
      const auto resolved = resolver.resolve(type.member(number).type);
      if (resolved.outcome == Resolved::Outcome::looping)
        return complaint(split_, id, "member " + std::to_string(number) + ": leads back to itself");
      if (resolved.innermost < split_.first() && is_composite(split_.kind(resolved.innermost)))
        embedded_[resolved.innermost] = true;
    }
  }
  return {};
}

Relocation::Named* Relocation::named_as(Type candidate) {
  if (!is_candidate(candidate.kind()) || candidate.name() == 0) return nullptr;
  const auto found = names_.find(vmlinux_.string_start(candidate.name(), longest_name_ + 1));
  return found == names_.end() ? nullptr : &found->second;
}

Status Relocation::match() {
  for (TypeId id = 1; id < vmlinux_.count(); ++id) {
    if (!is_composite(vmlinux_.kind(id))) continue;
    if (auto* named = named_as(vmlinux_.type(id))) ++named->composites;
  }
  for (TypeId id = 1; id < vmlinux_.count(); ++id) {
    const auto* named = named_as(vmlinux_.type(id));
    if (named == nullptr) continue;
    if (auto failure = match_one(id, *named)) return failure;
  }
  for (TypeId id = 1; id < distilled_.count(); ++id) {
    if (numbers_[id] != 0) continue;
    auto failure = complaint(distilled_, id, "vmlinux has no such type");
    failure.code = FailureCode::mismatch;
    return failure;
  }
  return {};
}

Status Relocation::match_one(TypeId id, const Named& named) {
  for (const auto distilled : named.distilled) {
    if (!stands_for(distilled, vmlinux_.type(id), named.composites > 1)) continue;
    if (numbers_[distilled] != 0) {
      auto failure = complaint(distilled_, distilled,
                               "vmlinux has several that it may be: " + shown(vmlinux_, numbers_[distilled]) +
                                   " and " + shown(vmlinux_, id));
      failure.code = FailureCode::mismatch;
      return failure;
    }
    numbers_[distilled] = id;
  }
  return {};
}

/** Of types with the same name. @param several whether vmlinux has several structs and unions of it */
bool Relocation::stands_for(TypeId distilled, Type candidate, bool several) const {
  const auto type = distilled_.type(distilled);
  const auto kind = candidate.kind();
  // A forward declaration has a zero where others have their size.
  const bool sized = is_composite(kind) ? several : kind != Kind::forward;
  if (sized && type.size() != candidate.size()) return false;
  switch (type.kind()) {
    case Kind::forward:
      if (kind == Kind::forward) return type.flag() == candidate.flag();
      return (kind == Kind::structure && !candidate.flag()) || (kind == Kind::union_type && candidate.flag());
    case Kind::integer:
      return kind == Kind::integer && type.integer_encoding() == candidate.integer_encoding();
    case Kind::floating:
      return kind == Kind::floating;
    case Kind::enumeration:
      return kind == Kind::enumeration || kind == Kind::enumeration_64;
    default:
      return !embedded_[distilled] || type.size() == candidate.size();
  }
}

Result<std::vector<std::uint8_t>> Relocation::rewritten() const {
  if (split_.strings().size() > UINT32_MAX - vmlinux_.string_end())
    return Failure{FailureCode::limit, "the strings are too long together with those of vmlinux"};
  std::unordered_map<std::uint32_t, std::uint32_t> names;
  for (TypeId id = 1; id < distilled_.count(); ++id)
    names[distilled_.type(id).name()] = vmlinux_.type(numbers_[id]).name();
  std::vector<std::uint32_t> words(split_.words().begin(), split_.words().end());
  std::size_t at = 0;
  for (auto id = split_.first(); id < split_.count(); ++id) {
    const auto count = split_.type(id).words().size();
    bool nameless = false;
    TypeId missing = 0;
    visit_references(
        std::span(words).subspan(at, count),
        [&](std::uint32_t& offset) {
          if (offset == 0) return;
          if (offset >= split_.string_first()) {
            offset += vmlinux_.string_end() - split_.string_first();
          } else if (const auto name = names.find(offset); name != names.end()) {
            offset = name->second;
          } else {
            nameless = true;
          }
        },
        [&](TypeId& target) {
          if (target >= split_.count()) {
            missing = target;
          } else if (target >= split_.first()) {
            target += vmlinux_.count() - split_.first();
          } else {
            target = numbers_[target];
          }
        });
    if (missing != 0)
      return complaint(split_, id, "refers to type " + std::to_string(missing) + ", which is none");
    if (nameless) return complaint(split_, id, "has a name that is that of no distilled type");
    at += count;
  }
  return encode(words, split_.strings(), split_.order());
}

}  // namespace

Result<std::vector<std::uint8_t>> relocate(const Btf& split, const Btf& vmlinux) {
  if (!split.base()) return Failure{FailureCode::usage, "the BTF is split on no distilled base"};
  return Relocation(split, vmlinux).run();
}

}  // namespace ikfs::btf
