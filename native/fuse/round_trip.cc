#include "fuse/round_trip.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <utility>

#include "fuse/own_files.h"

namespace ikfs::fuse {

namespace {

int ask_figures(const std::string& path) {
  struct statfs figures {};
  return statfs(path.c_str(), &figures) == 0 ? 0 : errno;
}

int ask_attributes(const std::string& path) {
  struct stat attributes {};
  return lstat(path.c_str(), &attributes) == 0 ? 0 : errno;
}

}  // namespace

RoundTrip::RoundTrip() { looks_.add(leave_open_files); }

void RoundTrip::ask(std::string mountpoint, Done done) {
  add([path = std::move(mountpoint)] { return ask_figures(path); }, std::move(done));
}

void RoundTrip::look_at(std::string path, Done done) {
  add([path = std::move(path)] { return ask_attributes(path); }, std::move(done));
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
