/**
 * ikfs-keeper: becomes a fenced program, and leaves a process behind that mounts and unmounts for it.
 *
 *   ikfs-keeper --mountpoint DIR [--leave-group] [--allow-other] [--made DIR]...
 *               [--read PATH]... [--list PATH]... [--write PATH]... -- PROGRAM [ARGUMENT]...
 *
 * The program keeps the number of this process, and its process group; the other one has a session of its
 * own. With --leave-group it is the other way around: an automount (autofs) at DIR has everybody wait but the
 * process group of its daemon, which is to mount there, and that must be the keeper's alone, as what the
 * program looks at may be automounts as well. The program's environment says what it has: IKFS_KEEPER, the
 * number of the descriptor to ask the keeper by, and IKFS_FENCE, what of the fence this kernel could put up.
 * Every part of this runs before a byte of an image is read; ikfs itself puts the command line together
 * (daemon/fence.ts). Ends with status 127 when the program can not be run.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/unique_fd.h"
#include "fence/fence.h"
#include "keeper/keeper.h"

namespace {

using ikfs::UniqueFd;

/** As a shell has it for what can not be run. */
constexpr int not_run = 127;

/** Descriptors from 3 on may be those that a service manager has passed (sd_listen_fds(3)). */
constexpr int beyond_passed = 64;

struct CommandLine {
  ikfs::keeper::Task task;
  ikfs::fence::Rules rules;
  bool leaves_group = false;
  /** The program and its arguments, and a null pointer. */
  char** program = nullptr;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "ikfs-keeper: %s\n", what.c_str());
  std::exit(not_run);
}

/** Where the value of an option goes; null for what is no option. */
std::vector<std::string>* list_of(CommandLine& line, std::string_view option) {
  if (option == "--made") return &line.task.made;
  if (option == "--read") return &line.rules.readable;
  if (option == "--list") return &line.rules.listable;
  if (option == "--write") return &line.rules.writable;
  return nullptr;
}

CommandLine parse(int count, char** arguments) {
  CommandLine line;
  const char* path = std::getenv("PATH");
  line.task.search_path = path == nullptr ? "/usr/bin:/bin" : path;
  for (int i = 1; i < count; ++i) {
    const std::string_view option = arguments[i];
    if (option == "--allow-other") {
      line.task.allow_other = true;
      continue;
    }
    if (option == "--leave-group") {
      line.leaves_group = true;
      continue;
    }
    if (i + 1 == count) fail("wants more after " + std::string(option));
    if (option == "--") {
      line.program = arguments + i + 1;
      break;
    }
    const char* value = arguments[++i];
    if (option == "--mountpoint") {
      line.task.mountpoint = value;
    } else if (auto* list = list_of(line, option)) {
      list->emplace_back(value);
    } else {
      fail("knows no " + std::string(option));
    }
  }
  if (line.program == nullptr || line.task.mountpoint.empty()) fail("wants --mountpoint DIR ... -- PROGRAM");
  return line;
}

/** Of the child: out of the terminal's and the daemon's way, with nothing open but the socket. */
[[noreturn]] void become_keeper(int socket, const CommandLine& line) {
  // Ctrl-C is for the daemon, whose end this one waits for.
  if (!line.leaves_group) setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  // What the mount must not keep busy.
  if (chdir("/") != 0) _exit(not_run);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  for (int descriptor = STDERR_FILENO + 1; descriptor < socket; ++descriptor) close(descriptor);
  ikfs::keeper::keep(socket, line.task);
  _exit(0);
}

}  // namespace

int main(int count, char** arguments) {
  const auto line = parse(count, arguments);
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
    fail(std::string("socketpair: ") + std::strerror(errno));
  UniqueFd keepers(pair[0]);
  // Not close-on-exec: the program has it.
  UniqueFd daemons(fcntl(pair[1], F_DUPFD, beyond_passed));
  close(pair[1]);
  if (daemons.get() < 0) fail(std::string("descriptors: ") + std::strerror(errno));

  const pid_t child = fork();
  if (child < 0) fail(std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    daemons = UniqueFd();
    become_keeper(keepers.get(), line);
  }
  keepers = UniqueFd();
  if (line.leaves_group) setsid();

  const auto fenced = ikfs::fence::enter(line.rules);
  if (const auto* failure = std::get_if<ikfs::Failure>(&fenced)) fail(failure->message);
  setenv("IKFS_KEEPER", std::to_string(daemons.get()).c_str(), 1);
  setenv("IKFS_FENCE", ikfs::fence::describe(std::get<ikfs::fence::Report>(fenced)).c_str(), 1);
  execv(line.program[0], line.program);
  fail(std::string(line.program[0]) + ": " + std::strerror(errno));
}
