#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "test/runner.h"

namespace ikfs::test {

/** A folder that goes with the test. */
class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "ikfs-session-XXXXXX").string();
    EXPECT(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /** Writes a file, in place when it is there. @returns its path */
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ikfs::test
