#include "fuse/round_trip.h"

#include <fcntl.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/unique_fd.h"
#include "fuse/own_files.h"

namespace ikfs::fuse {

namespace {

int ask_figures(const std::string& path) {
  struct statfs figures {};
  return statfs(path.c_str(), &figures) == 0 ? 0 : errno;
}

int read_beginning(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno;
  std::array<char, 512> beginning;
  return ::read(file.get(), beginning.data(), beginning.size()) < 0 ? errno : 0;
}

}  // namespace

RoundTrip::RoundTrip() { looks_.add(leave_open_files); }

void RoundTrip::ask(std::string mountpoint, Done done) {
  add([path = std::move(mountpoint)] { return ask_figures(path); }, std::move(done));
}

void RoundTrip::read(std::string path, Done done) {
  add([path = std::move(path)] { return read_beginning(path); }, std::move(done));
}

void RoundTrip::add(std::function<int()> look, Done done) {
  pending_.fetch_add(1);
  looks_.add([this, look = std::move(look), done = std::move(done)] {
    const int error = look();
    pending_.fetch_sub(1);
    reports_.add([done, error] { done(error); });
  });
}

}  // namespace ikfs::fuse
