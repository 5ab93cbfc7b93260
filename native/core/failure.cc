#include "core/failure.h"

#include <cerrno>
#include <system_error>

namespace ikfs {

namespace {

FailureCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return FailureCode::not_found;
    case ENOTDIR:
      return FailureCode::wrong_kind;
    case EACCES:
    case EPERM:
      return FailureCode::denied;
    case ENOSPC:
    case EDQUOT:
      return FailureCode::no_space;
    default:
      return FailureCode::io;
  }
}

}  // namespace

Failure system_failure(const char* action, int error_number) {
  return {code_of(error_number), std::string(action) + ": " + std::generic_category().message(error_number)};
}

}  // namespace ikfs
