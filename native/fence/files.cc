#include "fence/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "core/unique_fd.h"

namespace ikfs::fence {

namespace {

/** System calls newer than many a C library; since Linux 5.1 they have one number on every machine. */
constexpr long create_ruleset = 444;
constexpr long add_rule = 445;
constexpr long restrict_self = 446;

constexpr unsigned ask_version = 1;
constexpr unsigned rule_path_beneath = 1;

/** Rights of landlock(7), with the version of the interface that brought them where it is not the first. */
enum Right : std::uint64_t {
  execute = 1 << 0,
  write_file = 1 << 1,
  read_file = 1 << 2,
  read_directory = 1 << 3,
  remove_directory = 1 << 4,
  remove_file = 1 << 5,
  make_device = 1 << 6 | 1 << 11,
  make_directory = 1 << 7,
  make_file = 1 << 8,
  make_socket = 1 << 9,
  make_pipe = 1 << 10,
  make_link = 1 << 12,
  /** Version 2. */
  rename_across = 1 << 13,
  /** Version 3. */
  truncate = 1 << 14,
};

constexpr std::uint64_t read_rights = execute | read_file | read_directory;
constexpr std::uint64_t write_rights = read_file | read_directory | write_file | remove_directory |
                                       remove_file | make_directory | make_file | rename_across | truncate;
constexpr std::uint64_t all_rights =
    read_rights | write_rights | make_device | make_socket | make_pipe | make_link;
/** Such as make sense for a path that is no directory. */
constexpr std::uint64_t file_rights = execute | write_file | read_file | truncate;

/** Version 4: binding and connecting TCP. */
constexpr std::uint64_t network_rights = 1 << 0 | 1 << 1;
/** Version 6: signals to processes outside. Not abstract sockets: the service manager's may be one. */
constexpr std::uint64_t scoped_signals = 1 << 1;

/** struct landlock_ruleset_attr; an older kernel takes its beginning. */
struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scoped;
};

/** struct landlock_path_beneath_attr, which has no padding. */
struct [[gnu::packed]] PathRule {
  std::uint64_t rights;
  std::int32_t parent;
};

std::uint64_t known_rights(long version) {
  if (version >= 3) return all_rights;
  return version == 2 ? all_rights & ~truncate : all_rights & ~(truncate | rename_across);
}

std::size_t known_size(long version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? offsetof(Ruleset, scoped) : offsetof(Ruleset, network);
}

Status allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd file(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP) return {};
    return system_failure(path.c_str(), errno);
  }
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return system_failure(path.c_str(), errno);
  if (!S_ISDIR(status.st_mode)) rights &= file_rights;
  if (rights == 0) return {};
  const PathRule rule{rights, file.get()};
  if (syscall(add_rule, ruleset, rule_path_beneath, &rule, 0) == 0) return {};
  // Files of no file system, such as a pipe that /dev/stdin leads to, can not be named and need not be.
  return errno == EBADFD ? Status() : system_failure(path.c_str(), errno);
}

}  // namespace

Result<int> restrict_files(const Rules& rules) {
  const long version = syscall(create_ruleset, nullptr, 0, ask_version);
  if (version < 0) {
    // ENOSYS: not built in; EOPNOTSUPP: switched off. A filter of an outer sandbox may say EPERM.
    if (errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM) return 0;
    return system_failure("landlock_create_ruleset", errno);
  }
  const auto known = known_rights(version);
  const Ruleset wanted{known, network_rights, scoped_signals};
  const UniqueFd ruleset(static_cast<int>(syscall(create_ruleset, &wanted, known_size(version), 0)));
  if (ruleset.get() < 0) return system_failure("landlock_create_ruleset", errno);

  const auto allow_all = [&](const std::vector<std::string>& paths, std::uint64_t rights) -> Status {
    for (const auto& path : paths) {
      if (auto failure = allow(ruleset.get(), path, rights & known)) return failure;
    }
    return {};
  };
  if (auto failure = allow_all(rules.readable, read_rights)) return std::move(*failure);
  if (auto failure = allow_all(rules.listable, read_directory)) return std::move(*failure);
  if (auto failure = allow_all(rules.writable, write_rights)) return std::move(*failure);
  if (syscall(restrict_self, ruleset.get(), 0) != 0) return system_failure("landlock_restrict_self", errno);
  return static_cast<int>(version);
}

}  // namespace ikfs::fence
