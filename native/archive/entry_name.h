#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/failure.h"

namespace ikfs {

/** The name without `./` in front and without slashes at the end; "/" stays, so that it can be refused. */
std::string_view trimmed_name(std::string_view name);

/** The name for a message: in quotes, shortened, control characters replaced. */
std::string quoted_name(std::string_view name);

struct NameProblem {
  FailureCode code;
  /** What is wrong, to follow the entry's name in a sentence. */
  const char* what;
};

/**
 * Why a name or a link's target cannot be used, if so: longer than PATH_MAX allows, with a zero byte, or not
 * UTF-8 (RFC 3629). U+FFFD is refused with the latter: JavaScript puts it wherever it decodes anything else,
 * so such a name could stand for several.
 */
std::optional<NameProblem> name_problem(std::string_view name);

}  // namespace ikfs
