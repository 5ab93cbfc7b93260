#pragma once

#include <optional>
#include <string>

namespace ikfs::fuse {

/**
 * What is mounted on a path, on top of all else there, by the table of mounts (proc_pid_mountinfo(5)).
 * Neither the mount nor the mountpoint is looked at.
 * @param mountpoint absolute; links in front of its last name are followed
 * @returns the device that the mount has, as `MAJOR:MINOR`, which tells it from any other; empty when nothing
 * is mounted there; nothing when there is no table
 */
std::optional<std::string> device_mounted_at(const std::string& mountpoint);

}  // namespace ikfs::fuse
