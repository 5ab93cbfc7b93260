/**
 * The tests of the session: what it answers to a fake kernel over a socket, request by request. Prints a line
 * a test; status 1 when one failed.
 */
#include <csignal>

#include "test/runner.h"

int main() {
  // An answer to a kernel that has hung up is an error like any other on /dev/fuse.
  std::signal(SIGPIPE, SIG_IGN);
  return ikfs::test::run_tests();
}
