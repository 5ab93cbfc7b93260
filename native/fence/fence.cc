#include "fence/fence.h"

#include <sys/prctl.h>

#include <cerrno>

#include "fence/calls.h"
#include "fence/capabilities.h"
#include "fence/files.h"

namespace ikfs::fence {

Result<Report> enter(const Rules& rules) {
  Report report;
  // First, because taking them from the bounding set takes a capability.
  if (auto failure = drop_capabilities()) return std::move(*failure);
  report.capabilities = true;
  // The two that follow ask for it.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_failure("no_new_privs", errno);
  report.no_new_privileges = true;
  auto version = restrict_files(rules);
  if (auto* failure = std::get_if<Failure>(&version)) return std::move(*failure);
  report.landlock = std::get<int>(version);
  auto filtered = refuse_calls();
  if (auto* failure = std::get_if<Failure>(&filtered)) return std::move(*failure);
  report.calls = std::get<bool>(filtered);
  return report;
}

std::string describe(const Report& report) {
  std::string text;
  const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : ",") + word; };
  if (report.capabilities) add("capabilities");
  if (report.no_new_privileges) add("no-new-privileges");
  if (report.landlock > 0) add("landlock=" + std::to_string(report.landlock));
  if (report.calls) add("seccomp");
  return text;
}

}  // namespace ikfs::fence
