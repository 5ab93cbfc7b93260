#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace ikfs {

/** Why an operation failed: the codes of src/errors.ts that native code can find. */
enum class FailureCode {
  truncated,
  corrupt,
  unsupported,
  limit,
  not_found,
  denied,
  io,
  no_space,
  unavailable,
  usage,
  wrong_kind,
  mismatch,
};

/** The code's name in JavaScript. */
constexpr const char* failure_code_name(FailureCode code) {
  switch (code) {
    case FailureCode::truncated:
      return "truncated";
    case FailureCode::corrupt:
      return "corrupt";
    case FailureCode::unsupported:
      return "unsupported";
    case FailureCode::limit:
      return "limit";
    case FailureCode::not_found:
      return "not-found";
    case FailureCode::denied:
      return "denied";
    case FailureCode::io:
      return "io";
    case FailureCode::no_space:
      return "no-space";
    case FailureCode::unavailable:
      return "unavailable";
    case FailureCode::usage:
      return "usage";
    case FailureCode::wrong_kind:
      return "wrong-kind";
    case FailureCode::mismatch:
      return "mismatch";
  }
  return "io";
}

/** What went wrong, for a person, and where. */
struct Failure {
  FailureCode code;
  std::string message;
  /** Offset in the input, in bytes; whoever reads the input fills it in. */
  std::uint64_t offset = 0;
};

/** Empty on success. */
using Status = std::optional<Failure>;

/** A value, or why there is none. */
template <typename T>
using Result = std::variant<T, Failure>;

/** A failed system call, as errno describes it: with a code of its own where it means one, else with `io`. */
Failure system_failure(const char* action, int error_number);

}  // namespace ikfs
