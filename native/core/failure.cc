#include "core/failure.h"

#include <cerrno>
#include <system_error>

namespace ikfs {

Failure system_failure(const char* action, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return {full ? FailureCode::no_space : FailureCode::io,
          std::string(action) + ": " + std::generic_category().message(error_number)};
}

}  // namespace ikfs
