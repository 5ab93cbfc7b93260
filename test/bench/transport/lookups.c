// lookups PACE DIRECTORIES FILES: how long looking up names takes, one after the other, at a steady pace.
//
// PACE is the time between the beginnings of two lookups in microseconds. DIRECTORIES and FILES are lists of
// paths from the working directory, a line each. The directories are looked up first. Then this says `ready`,
// waits for a byte on standard input, and looks up in turn a name that no directory has, and a file of the
// list as long as there are any left; no name twice. At the end of standard input it writes how long each
// lookup took, in nanoseconds.

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

static void sleep_until(long long moment) {
  struct timespec time = {moment / 1000000000, moment % 1000000000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int input_ended(void) {
  struct pollfd input = {.fd = 0, .events = POLLIN};
  return poll(&input, 1, 0) != 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long long pace = atoll(argv[1]) * 1000;
  char **directories = NULL, **files = NULL;
  size_t directory_count = read_lines(argv[2], &directories);
  size_t file_count = read_lines(argv[3], &files);
  if (directory_count == 0) return 2;
  struct stat status;
  for (size_t each = 0; each < directory_count; each++)
    if (stat(directories[each], &status) != 0) die(directories[each]);

  size_t taken = 0, room = 1 << 20, file = 0;
  long long *times = calloc(room, sizeof *times);
  if (!times) die("calloc");
  char byte, missing[4096];
  if (write(1, "ready\n", 6) != 6 || read(0, &byte, 1) != 1) return 1;
  long long next = now();
  for (size_t turn = 0; taken < room && !input_ended(); turn++) {
    int is_there = turn % 2 == 1 && file < file_count;
    const char *path = missing;
    if (is_there)
      path = files[file++];
    else
      snprintf(missing, sizeof missing, "%s/absent-%zu", directories[turn % directory_count], turn);
    long long started = now();
    int failed = stat(path, &status) != 0;
    times[taken++] = now() - started;
    if (failed != !is_there || (failed && errno != ENOENT)) die(path);
    next += pace;
    if (next < now()) next = now();
    sleep_until(next);
  }
  for (size_t each = 0; each < taken; each++) printf("%lld\n", times[each]);
  return 0;
}
