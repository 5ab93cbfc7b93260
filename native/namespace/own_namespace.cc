#include "namespace/own_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "core/unique_fd.h"

namespace ikfs::exec {

namespace {

/** A switch of the kernel that may forbid users to make namespaces, and what it then says. */
struct Switch {
  const char* path;
  int forbids;
  const char* setting;
};

/** The first two are Debian's and Ubuntu's own; the last is in namespaces(7). */
constexpr Switch switches[] = {
    {"/proc/sys/kernel/unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
     "kernel.apparmor_restrict_unprivileged_userns=0"},
    {"/proc/sys/user/max_user_namespaces", 0, "user.max_user_namespaces=10000"},
};

/** That there can be no namespace, with what to do about it. */
Failure forbidden(int error_number) {
  std::string message = "this user may make no mount namespace (" +
                        std::generic_category().message(error_number) + "). Run as root with CAP_SYS_ADMIN";
  for (const auto& [path, forbids, setting] : switches) {
    int value = -1;
    if (std::ifstream(path) >> value && value == forbids)
      return {FailureCode::unavailable, message + ", or let users do it: sysctl " + setting};
  }
  return {FailureCode::unavailable, message + "; in a container, seccomp may forbid it as well"};
}

Status write_file(const char* path, const std::string& text) {
  const UniqueFd file(open(path, O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return forbidden(errno);
  return std::nullopt;
}

/** The user and the group stay who they are; others can not be named in the namespace. */
Status keep_identity(uid_t user, gid_t group) {
  const auto map = [](auto number) { return std::to_string(number) + " " + std::to_string(number) + " 1"; };
  // Without rights outside, only who can not drop groups may name its own (user_namespaces(7)).
  if (auto failure = write_file("/proc/self/setgroups", "deny")) return failure;
  if (auto failure = write_file("/proc/self/gid_map", map(group))) return failure;
  return write_file("/proc/self/uid_map", map(user));
}

}  // namespace

Status enter_own_namespace() {
  if (unshare(CLONE_NEWNS) != 0) {
    if (errno != EPERM) return forbidden(errno);
    const auto user = geteuid();
    const auto group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return forbidden(errno);
    if (auto failure = keep_identity(user, group)) return failure;
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return forbidden(errno);
  return std::nullopt;
}

}  // namespace ikfs::exec
