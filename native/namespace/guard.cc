#include "namespace/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <variant>

#include "fuse/mount.h"

namespace ikfs::exec {

namespace {

[[noreturn]] void become_daemon(char** program) {
  setsid();
  execv(program[0], program);
  std::fprintf(stderr, "ikfs: %s: %s\n", program[0], std::strerror(errno));
  _exit(127);
}

/** Out of the way of terminals, and of whoever waits for the daemon's output to end. */
void withdraw() {
  setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  if (chdir("/") != 0) std::abort();
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
}

void wait_for_end_of(int pipe) {
  char byte = 0;
  while (read(pipe, &byte, 1) < 0 && errno == EINTR) continue;
}

[[noreturn]] void guard(const Guarded& guarded, pid_t daemon) {
  const auto unmounted = fuse::unmount_tree({guarded.mountpoint, true, guarded.search_path});
  const auto* how = std::get_if<fuse::Unmounted>(&unmounted);
  if (how != nullptr && *how == fuse::Unmounted::done) _exit(0);
  // It has not mounted yet, and will take away what it does mount.
  kill(daemon, SIGTERM);
  while (waitpid(daemon, nullptr, 0) < 0 && errno == EINTR) continue;
  rmdir(guarded.mountpoint.c_str());
  _exit(0);
}

}  // namespace

int start_guarded(const Guarded& guarded, int order) {
  fcntl(order, F_SETFD, FD_CLOEXEC);
  const pid_t child = fork();
  if (child > 0) return 0;
  const pid_t daemon = child == 0 ? fork() : -1;
  if (daemon == 0) become_daemon(guarded.daemon);
  if (daemon < 0) {
    std::fprintf(stderr, "ikfs: fork: %s\n", std::strerror(errno));
    return 127;
  }
  withdraw();
  wait_for_end_of(order);
  guard(guarded, daemon);
}

}  // namespace ikfs::exec
