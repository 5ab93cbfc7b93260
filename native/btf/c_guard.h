#pragma once

#include <cstdint>
#include <string>

#include "btf/btf.h"
#include "core/failure.h"

namespace ikfs::btf {

/**
 * Keeps the work on BTF bounded, whatever its types refer to, and holds its first failure. What types refer
 * to may go in circles, be nested without end or be shared so that it unfolds to far more than was read.
 */
class CGuard {
 public:
  explicit CGuard(const Btf& btf);

  bool failed() const { return failure_.has_value(); }

  /** Fails unless something has failed before. @returns false, for whoever returns whether it went well */
  bool fail(TypeId id, const std::string& what);
  /** Takes over the failure of somebody else. @returns false */
  bool fail(Failure failure);

  /** Begins with a type inside another. @returns false when that is too deep or too much */
  bool enter(TypeId id) {
    return (++depth_ <= deepest && ++steps_ <= most_steps_ && !failed()) || refuse(id);
  }
  void leave() { --depth_; }
  /** Counts what a type has and is gone through: members, parameters. @returns false when that is too much */
  bool go_through(TypeId id, std::uint64_t count) {
    steps_ += count;
    return steps_ <= most_steps_ || refuse(id);
  }

  Status take() { return std::move(failure_); }

  /** How deep types may lie in each other; in Linux 6.12 it is 14. */
  static constexpr unsigned deepest = 64;

 private:
  bool refuse(TypeId id);

  const Btf& btf_;
  Status failure_;
  unsigned depth_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t most_steps_;
};

/** A visit of a type inside another. */
class CVisit {
 public:
  CVisit(CGuard& guard, TypeId id) : guard_(guard), allowed_(guard.enter(id)) {}
  ~CVisit() { guard_.leave(); }
  CVisit(const CVisit&) = delete;
  CVisit& operator=(const CVisit&) = delete;

  bool allowed() const { return allowed_; }

 private:
  CGuard& guard_;
  bool allowed_;
};

}  // namespace ikfs::btf
