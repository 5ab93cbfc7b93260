#include "fuse/mount_table.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

namespace ikfs::fuse {

namespace {

/** The path with the links of its parent resolved, as the mount table has it; the mount is not looked at. */
std::string path_in_table(const std::string& mountpoint) {
  const std::filesystem::path path(mountpoint);
  std::error_code error;
  const auto parent = std::filesystem::canonical(path.parent_path(), error);
  return error ? mountpoint : (parent / path.filename()).string();
}

/** A path of the mount table as it is: there, blanks and backslashes are `\` and three octal digits. */
std::string unescaped(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const auto digits = text.substr(i + 1, 3);
    const bool escape = text[i] == '\\' && digits.size() == 3 &&
                        std::from_chars(digits.data(), digits.data() + 3, code, 8).ptr == digits.data() + 3;
    path += escape ? static_cast<char>(code) : text[i];
    if (escape) i += 3;
  }
  return path;
}

}  // namespace

std::optional<std::string> device_mounted_at(const std::string& mountpoint) {
  std::ifstream table("/proc/self/mountinfo");
  if (!table) return std::nullopt;
  const auto path = path_in_table(mountpoint);
  std::string topmost;
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string number;
    std::string parent;
    std::string device;
    std::string root;
    std::string place;
    fields >> number >> parent >> device >> root >> place;
    if (unescaped(place) == path) topmost = device;
  }
  return topmost;
}

}  // namespace ikfs::fuse
