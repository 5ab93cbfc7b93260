#include "fuse/mount.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "fuse/mount_helper.h"
#include "fuse/mount_table.h"

namespace ikfs::fuse {

namespace {

constexpr const char* device_path = "/dev/fuse";

/** /dev/fuse is character device 10:229 (Documentation/admin-guide/devices.txt). */
constexpr unsigned device_major = 10;
constexpr unsigned device_minor = 229;

/** What stands for the source of the mount in the mount table, and after the dot of its type. */
constexpr const char* source = "ikfs";

/**
 * Not MS_NOEXEC: a header tree has programs for the host (scripts/, tools/) that building a module runs from
 * where they lie.
 */
constexpr unsigned long mount_flags = MS_RDONLY | MS_NOSUID | MS_NODEV;

/** The same for the helper. All words of it are constant, so no comma in them wants escaping. */
constexpr const char* helper_options = "ro,nosuid,nodev,default_permissions,fsname=ikfs,subtype=ikfs";

/** That a passed descriptor can not be served, and why. */
Failure useless(int descriptor, const char* why) {
  return {FailureCode::usage, "descriptor " + std::to_string(descriptor) + " " + why};
}

bool is_fuse_device(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) &&
         major(status.st_rdev) == device_major && minor(status.st_rdev) == device_minor;
}

/** What follows `/dev/fd/` in a mountpoint that stands for a descriptor. */
std::optional<std::string_view> passed_descriptor(std::string_view mountpoint) {
  constexpr std::string_view folder = "/dev/fd/";
  if (!mountpoint.starts_with(folder)) return std::nullopt;
  return mountpoint.substr(folder.size());
}

Result<UniqueFd> take_over(std::string_view number) {
  int descriptor = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), descriptor);
  if (error != std::errc() || end != number.data() + number.size() || descriptor < 0)
    return Failure{FailureCode::usage, "/dev/fd/ must be followed by the number of a descriptor"};
  if (descriptor <= STDERR_FILENO) return useless(descriptor, "is a standard stream");
  if (fcntl(descriptor, F_GETFD) < 0) return useless(descriptor, "is not open");
  if (!is_fuse_device(descriptor)) return useless(descriptor, "is not an open /dev/fuse");
  if (!is_connected(descriptor)) return useless(descriptor, "has no mount");
  // Threads that serve it wait in read(2).
  const int flags = fcntl(descriptor, F_GETFL);
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 || fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) < 0)
    return system_failure("taking over a descriptor", errno);
  return UniqueFd(descriptor);
}

/** The data of mount(2) (Documentation/filesystems/fuse.rst). No max_read: without it reads have no limit of
 * their own, only that of max_pages, which is agreed on in FUSE_INIT. */
std::string mount_data(const UniqueFd& device, bool allow_other) {
  // rootmode is octal: a directory.
  return "fd=" + std::to_string(device.get()) + ",rootmode=40000,user_id=" + std::to_string(getuid()) +
         ",group_id=" + std::to_string(getgid()) + ",default_permissions" +
         (allow_other ? ",allow_other" : "");
}

/** Mounts with mount(2). @returns nothing when this process has no right to */
Result<std::optional<UniqueFd>> mount_directly(const MountRequest& request) {
  UniqueFd device(open(device_path, O_RDWR | O_CLOEXEC));
  if (device.get() < 0) {
    if (errno == EACCES || errno == EPERM) return std::nullopt;
    const bool absent = errno == ENOENT || errno == ENODEV || errno == ENXIO;
    auto failure = system_failure(device_path, errno);
    if (absent) failure.code = FailureCode::unavailable;
    return failure;
  }
  const auto data = mount_data(device, request.allow_other);
  // A kernel may not know of subtypes.
  for (const char* type : {"fuse.ikfs", "fuse"}) {
    if (mount(source, request.mountpoint.c_str(), type, mount_flags, data.c_str()) == 0) return device;
    if (errno == EPERM) return std::nullopt;
    if (errno != ENODEV) return system_failure("mounting", errno);
  }
  return Failure{FailureCode::unavailable, "the kernel has no FUSE"};
}

Failure no_helper(const char* what) {
  return {FailureCode::unavailable,
          std::string("this process may not ") + what +
              ". Run as root with CAP_SYS_ADMIN, or install fusermount3 (apt install fuse3)"};
}

/** The failure that a helper's run amounts to. */
Failure helper_failure(FailureCode code, const std::string& program, const HelperRun& run) {
  return {code, run.said.empty() ? program + " failed and does not say why" : run.said};
}

Result<UniqueFd> mount_with_helper(const MountRequest& request) {
  const auto program = find_mount_helper(request.search_path);
  if (program.empty()) return no_helper("mount");
  const auto options = std::string(helper_options) + (request.allow_other ? ",allow_other" : "");
  auto outcome = run_mount_helper(program, {"-o", options, "--", request.mountpoint}, request.search_path);
  if (auto* failure = std::get_if<Failure>(&outcome)) return std::move(*failure);
  auto& run = std::get<HelperRun>(outcome);
  if (run.handed.get() < 0) return helper_failure(FailureCode::denied, program, run);
  if (!is_fuse_device(run.handed.get()))
    return Failure{FailureCode::io, program + " handed over something else than /dev/fuse"};
  return std::move(run.handed);
}

Result<Unmounted> unmount_with_helper(const UnmountRequest& request) {
  // The helper would say so in words only.
  if (device_mounted_at(request.mountpoint) == "") return Unmounted::not_mounted;
  const auto program = find_mount_helper(request.search_path);
  if (program.empty()) return no_helper("unmount");
  std::vector<std::string> arguments{"-u"};
  if (request.lazily) arguments.emplace_back("-z");
  arguments.insert(arguments.end(), {"--", request.mountpoint});
  auto outcome = run_mount_helper(program, std::move(arguments), request.search_path);
  if (auto* failure = std::get_if<Failure>(&outcome)) return std::move(*failure);
  const auto& run = std::get<HelperRun>(outcome);
  if (!run.succeeded) return helper_failure(FailureCode::io, program, run);
  return Unmounted::done;
}

}  // namespace

bool is_passed(const std::string& mountpoint) { return passed_descriptor(mountpoint).has_value(); }

bool is_connected(int descriptor) {
  // Without a mount, poll(2) reports an error on it.
  pollfd state{descriptor, 0, 0};
  return poll(&state, 1, 0) == 0;
}

Result<UniqueFd> mount_tree(const MountRequest& request) {
  if (const auto number = passed_descriptor(request.mountpoint)) return take_over(*number);
  auto outcome = mount_directly(request);
  if (auto* failure = std::get_if<Failure>(&outcome)) return std::move(*failure);
  auto& device = std::get<std::optional<UniqueFd>>(outcome);
  if (!device) return mount_with_helper(request);
  return std::move(*device);
}

Result<Unmounted> unmount_tree(const UnmountRequest& request) {
  const int flags = UMOUNT_NOFOLLOW | (request.lazily ? MNT_DETACH : 0);
  if (umount2(request.mountpoint.c_str(), flags) == 0) return Unmounted::done;
  switch (errno) {
    case EINVAL:
      return Unmounted::not_mounted;
    case EPERM:
      return unmount_with_helper(request);
    default:
      return system_failure("unmounting", errno);
  }
}

}  // namespace ikfs::fuse
