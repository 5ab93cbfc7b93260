#include "fuse/mount_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>

#include "core/handed_descriptor.h"

namespace ikfs::fuse {

namespace {

using Clock = std::chrono::steady_clock;

/** A helper has a system call or two to do; one that takes longer is stuck. */
constexpr auto patience = std::chrono::seconds(10);

/** Of what a helper says, more than this is dropped, in bytes. */
constexpr std::size_t most_said = 4096;

/** The number that the helper's end of the socket gets in the helper. */
constexpr int socket_in_helper = 3;

/** Two ends of something, both close-on-exec. */
struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

/** What the helper's start needs: posix_spawn(3)'s two objects, which want to be freed. */
class Start {
 public:
  Start() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Start() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  /** @returns 0 or an errno */
  int run(pid_t& child, const std::string& program, std::vector<std::string>& arguments,
          std::vector<std::string>& environment, int output, int socket) {
    // Node ignores SIGPIPE, and its threads may block signals; a program inherits both.
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &pipe);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // Last, because the pipe may have this number here.
    posix_spawn_file_actions_adddup2(&actions_, socket, socket_in_helper);
    return posix_spawn(&child, program.c_str(), &actions_, &attributes_, pointers(arguments).data(),
                       pointers(environment).data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> all;
    for (auto& each : strings) all.push_back(each.data());
    all.push_back(nullptr);
    return all;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/** Whether exec(2) would be allowed, which asks for the effective user. */
bool may_run(const std::string& path) { return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0; }

/** Takes one message. @returns false at the end */
bool receive_descriptor(int socket, UniqueFd& handed) {
  char byte = 0;
  const auto length = receive_with_descriptor(socket, {&byte, 1}, handed);
  return length < 0 ? errno == EINTR : length > 0;
}

/** Takes a piece of what is said. @returns false at the end */
bool listen_on(int pipe, std::string& said) {
  std::array<char, 512> piece;
  const auto length = read(pipe, piece.data(), piece.size());
  if (length < 0) return errno == EINTR;
  const auto room = most_said - said.size();
  said.append(piece.data(), std::min(static_cast<std::size_t>(length), room));
  return length > 0;
}

/** Takes all that the helper gives until it has closed both. @returns whether it did so in time */
bool take_all(int socket, int pipe, HelperRun& run) {
  const auto deadline = Clock::now() + patience;
  std::array<pollfd, 2> open{pollfd{socket, POLLIN, 0}, pollfd{pipe, POLLIN, 0}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    if (poll(open.data(), open.size(), static_cast<int>(left)) <= 0) continue;
    // poll(2) passes over negative descriptors.
    if (open[0].fd >= 0 && open[0].revents != 0 && !receive_descriptor(socket, run.handed)) open[0].fd = -1;
    if (open[1].fd >= 0 && open[1].revents != 0 && !listen_on(pipe, run.said)) open[1].fd = -1;
  }
  return true;
}

/** Waits for a child's end. @returns its status as waitpid(2) gives it, -1 when that is not to be had */
int wait_for(pid_t child) {
  int status = -1;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

/** Lines as one line, without blanks at its ends. */
std::string on_one_line(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::string line;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto first = piece.find_first_not_of(blanks);
    if (first == std::string_view::npos) continue;
    if (!line.empty()) line += "; ";
    line += piece.substr(first, piece.find_last_not_of(blanks) + 1 - first);
  }
  return line;
}

}  // namespace

std::string find_mount_helper(const std::string& search_path) {
  for (const char* name : {"fusermount3", "fusermount"}) {
    for (std::size_t start = 0; start <= search_path.size();) {
      const auto end = std::min(search_path.find(':', start), search_path.size());
      const auto path = search_path.substr(start, end - start) + "/" + name;
      if (path.front() == '/' && end > start && may_run(path)) return path;
      start = end + 1;
    }
  }
  return {};
}

Result<HelperRun> run_mount_helper(const std::string& program, std::vector<std::string> arguments,
                                   const std::string& search_path) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return system_failure("socketpair", errno);
  Ends socket{UniqueFd(pair[0]), UniqueFd(pair[1])};
  if (pipe2(pair.data(), O_CLOEXEC) != 0) return system_failure("pipe", errno);
  Ends output{UniqueFd(pair[0]), UniqueFd(pair[1])};

  // Its own name begins what it says.
  arguments.insert(arguments.begin(), program.substr(program.rfind('/') + 1));
  std::vector<std::string> environment{"PATH=" + search_path,
                                       "_FUSE_COMMFD=" + std::to_string(socket_in_helper)};
  pid_t child = -1;
  const int error =
      Start().run(child, program, arguments, environment, output.theirs.get(), socket.theirs.get());
  if (error != 0) return system_failure(program.c_str(), error);
  // Their ends must be the helper's alone, or its end would not be seen.
  socket.theirs = UniqueFd();
  output.theirs = UniqueFd();

  HelperRun run;
  if (!take_all(socket.ours.get(), output.ours.get(), run)) {
    kill(child, SIGKILL);
    // One that the kernel holds on to does not even end when killed.
    std::thread(wait_for, child).detach();
    return Failure{FailureCode::io, program + " does not answer"};
  }
  const int status = wait_for(child);
  run.succeeded = status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  run.said = on_one_line(run.said);
  return run;
}

}  // namespace ikfs::fuse
