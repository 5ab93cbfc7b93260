#include "fuse/counters.h"

namespace ikfs::fuse {

const char* opcode_name(std::uint32_t opcode) {
  static constexpr std::array<const char*, opcode_count> names = [] {
    std::array<const char*, opcode_count> table{};
    const auto set = [&table](Opcode code, const char* name) {
      table[static_cast<std::uint32_t>(code)] = name;
    };
    set(Opcode::lookup, "LOOKUP");
    set(Opcode::forget, "FORGET");
    set(Opcode::getattr, "GETATTR");
    set(Opcode::setattr, "SETATTR");
    set(Opcode::readlink, "READLINK");
    set(Opcode::symlink, "SYMLINK");
    set(Opcode::mknod, "MKNOD");
    set(Opcode::mkdir, "MKDIR");
    set(Opcode::unlink, "UNLINK");
    set(Opcode::rmdir, "RMDIR");
    set(Opcode::rename, "RENAME");
    set(Opcode::link, "LINK");
    set(Opcode::open, "OPEN");
    set(Opcode::read, "READ");
    set(Opcode::write, "WRITE");
    set(Opcode::statfs, "STATFS");
    set(Opcode::release, "RELEASE");
    set(Opcode::fsync, "FSYNC");
    set(Opcode::setxattr, "SETXATTR");
    set(Opcode::getxattr, "GETXATTR");
    set(Opcode::listxattr, "LISTXATTR");
    set(Opcode::removexattr, "REMOVEXATTR");
    set(Opcode::flush, "FLUSH");
    set(Opcode::init, "INIT");
    set(Opcode::opendir, "OPENDIR");
    set(Opcode::readdir, "READDIR");
    set(Opcode::releasedir, "RELEASEDIR");
    set(Opcode::fsyncdir, "FSYNCDIR");
    set(Opcode::getlk, "GETLK");
    set(Opcode::setlk, "SETLK");
    set(Opcode::setlkw, "SETLKW");
    set(Opcode::access, "ACCESS");
    set(Opcode::create, "CREATE");
    set(Opcode::interrupt, "INTERRUPT");
    set(Opcode::bmap, "BMAP");
    set(Opcode::destroy, "DESTROY");
    set(Opcode::ioctl, "IOCTL");
    set(Opcode::poll, "POLL");
    set(Opcode::notify_reply, "NOTIFY_REPLY");
    set(Opcode::batch_forget, "BATCH_FORGET");
    set(Opcode::fallocate, "FALLOCATE");
    set(Opcode::readdirplus, "READDIRPLUS");
    set(Opcode::rename2, "RENAME2");
    set(Opcode::lseek, "LSEEK");
    set(Opcode::copy_file_range, "COPY_FILE_RANGE");
    set(Opcode::setupmapping, "SETUPMAPPING");
    set(Opcode::removemapping, "REMOVEMAPPING");
    set(Opcode::syncfs, "SYNCFS");
    set(Opcode::tmpfile, "TMPFILE");
    set(Opcode::statx, "STATX");
    return table;
  }();
  return opcode < opcode_count ? names[opcode] : nullptr;
}

}  // namespace ikfs::fuse
