/**
 * ikfs-exec: becomes a program that sees kernel artifacts at the paths of the system.
 *
 *   ikfs-exec [--order FD] [--cover DIR | --bind FROM AT | --link TEXT AT]... -- PROGRAM [ARGUMENT]...
 *   ikfs-exec --guard DIR FD -- PROGRAM [ARGUMENT]...
 *
 * Moves into a mount namespace of its own, takes the steps in their order (namespace/laid_over.h), and
 * becomes the program: it keeps the number of this process, so signals, terminal and status are its own. A
 * step that fails is told, and left out. ikfs itself puts the command line together (daemon/exec/run.ts).
 *
 * With --guard it only starts the daemon of a mount for one command, and who takes that away
 * (namespace/guard.h): FD is the reading end of the pipe, and of --order the writing end, which is closed
 * once the mount lives in the new namespace.
 *
 * Ends with 126 when the program can not be run, 127 when it is not there, as env(1) does; without a
 * namespace with ikfs' own status for that.
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/unique_fd.h"
#include "namespace/guard.h"
#include "namespace/laid_over.h"
#include "namespace/own_namespace.h"

namespace {

using ikfs::Status;
using ikfs::UniqueFd;

/** daemon/exit-code.ts: this machine lacks something. */
constexpr int unavailable = 4;

enum class Kind { cover, bind, link };

struct Step {
  Kind kind;
  /** What is shown, or the link's text; empty for `cover`. */
  std::string from;
  std::string at;
};

struct CommandLine {
  /** Empty unless a daemon is to be started. */
  std::string guarded;
  /** An end of the pipe; negative when there is none. */
  int order = -1;
  std::vector<Step> steps;
  /** The program and its arguments, and a null pointer. */
  char** program = nullptr;
};

void tell(const std::string& what) { std::fprintf(stderr, "ikfs: %s\n", what.c_str()); }

[[noreturn]] void fail(int status, const std::string& what) {
  tell(what);
  std::exit(status);
}

CommandLine parse(int count, char** arguments) {
  CommandLine line;
  const auto usage = [](const std::string& what) { fail(unavailable, "ikfs-exec " + what); };
  for (int i = 1; i < count; ++i) {
    const std::string_view option = arguments[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == count) usage("wants more after " + std::string(option));
      return arguments[++i];
    };
    if (option == "--") {
      line.program = arguments + i + 1;
      break;
    }
    if (option == "--guard") {
      line.guarded = value();
      line.order = std::atoi(value().c_str());
    } else if (option == "--order") {
      line.order = std::atoi(value().c_str());
    } else if (option == "--cover") {
      line.steps.push_back({Kind::cover, "", value()});
    } else if (option == "--bind" || option == "--link") {
      auto from = value();
      line.steps.push_back({option == "--bind" ? Kind::bind : Kind::link, std::move(from), value()});
    } else {
      usage("knows no " + std::string(option));
    }
  }
  if (line.program == nullptr || *line.program == nullptr) usage("wants -- PROGRAM");
  return line;
}

/** The directory that this is run in, which stays the same although another may lie over it. */
class WorkingDirectory {
 public:
  WorkingDirectory() : opened_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (char* path = getcwd(nullptr, 0)) {
      path_ = path;
      std::free(path);
    }
  }

  void enter() const {
    if (!path_.empty() && chdir(path_.c_str()) == 0) return;
    if (fchdir(opened_.get()) != 0) tell(std::string("working directory: ") + std::strerror(errno));
  }

 private:
  UniqueFd opened_;
  std::string path_;
};

std::string search_path() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/usr/bin:/bin" : path;
}

void lay_over(const std::vector<Step>& steps) {
  ikfs::exec::LaidOver over;
  const auto take = [&](const Step& step) -> Status {
    switch (step.kind) {
      case Kind::cover:
        return over.cover(step.at);
      case Kind::bind:
        return over.bind(step.from, step.at);
      case Kind::link:
        return over.link(step.from, step.at);
    }
    return std::nullopt;
  };
  for (const auto& step : steps) {
    if (const auto failure = take(step)) tell("not laid over: " + failure->message);
  }
  if (const auto failure = over.seal()) tell(failure->message);
}

/** What Node has changed for itself and a program would inherit. */
void undo_changes_of_node() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int flags = fcntl(standard, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0) fcntl(standard, F_SETFL, flags & ~O_NONBLOCK);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto line = parse(count, arguments);
  if (!line.guarded.empty())
    return ikfs::exec::start_guarded({line.guarded, line.program, search_path()}, line.order);
  {
    const WorkingDirectory here;
    const UniqueFd order(line.order);
    if (const auto failure = ikfs::exec::enter_own_namespace()) fail(unavailable, failure->message);
    lay_over(line.steps);
    here.enter();
    undo_changes_of_node();
  }
  execvp(line.program[0], line.program);
  const int error = errno;
  fail(error == ENOENT ? 127 : 126, std::string(line.program[0]) + ": " + std::strerror(error));
}
