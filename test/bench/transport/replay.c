// replay LIST: what a compiler asked of the tree in the working directory, without the compiler.
//
// A line of LIST is `open PATH` or `stat PATH`. What can be opened is stat'ed, read to its end and closed;
// names that are missing are asked for as well. Writes to standard output the time of all this in
// nanoseconds, the files opened, the names missing and the bytes read.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

static char buffer[1 << 20];

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  char **calls = NULL;
  size_t count = read_lines(argv[1], &calls);
  // The pages of the buffer are there before the clock runs.
  memset(buffer, 1, sizeof buffer);
  long opened = 0, missing = 0;
  long long bytes = 0, started = now();
  for (size_t each = 0; each < count; each++) {
    // `open ` and `stat ` are of one length.
    const char *path = calls[each] + 5;
    struct stat status;
    if (calls[each][0] == 's') {
      if (stat(path, &status) != 0) missing++;
      continue;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      if (errno != ENOENT) die(path);
      missing++;
      continue;
    }
    opened++;
    if (fstat(file, &status) != 0) die("fstat");
    for (off_t at = 0; at < status.st_size;) {
      ssize_t got = pread(file, buffer, sizeof buffer, at);
      if (got <= 0) die("pread");
      at += got;
      bytes += got;
    }
    close(file);
  }
  printf("%lld %ld %ld %lld\n", now() - started, opened, missing, bytes);
  return 0;
}
