/*
 * chunks CODEC KIB TAR: stores a tar as it is and as chunks of that many KiB, each compressed alone, in files
 * beside it; then reads all its files from both in an order that jumps about, five times in turn. Prints the
 * chunks' bytes and the median seconds of either. CODEC is zstd or lz4.
 */
#include <fcntl.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum { rounds = 5, most_files = 100000, most_chunks = 100000, zstd_level = 3 };

static struct { size_t offset, size; } files[most_files];
static size_t starts[most_chunks + 1];
static size_t file_count, chunk_size, last_size;
static int is_zstd;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int by_value(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void fail(const char *what) {
  fprintf(stderr, "chunks: %s\n", what);
  exit(1);
}

/* Regular files of a tar, by the size and type fields of their header blocks (POSIX ustar). */
static void list_files(const char *tar, size_t size) {
  for (size_t at = 0; at + 512 <= size && tar[at];) {
    const size_t length = strtoul(tar + at + 124, NULL, 8);
    if (tar[at + 156] == '0' && length > 0 && file_count < most_files) {
      files[file_count].offset = at + 512;
      files[file_count++].size = length;
    }
    at += 512 + (length + 511) / 512 * 512;
  }
}

/* Reads every file once, the next one a long way from the last. */
static double read_plain(int stored, char *room) {
  const double started = now();
  size_t at = 0;
  for (size_t count = 0; count < file_count; count++) {
    at = (at + 7919) % file_count;
    if (pread(stored, room, files[at].size, (off_t)files[at].offset) != (ssize_t)files[at].size)
      fail("short read");
  }
  return now() - started;
}

static double read_chunks(int stored, char *room, char *packed, size_t chunks) {
  const double started = now();
  size_t at = 0;
  for (size_t count = 0; count < file_count; count++) {
    at = (at + 7919) % file_count;
    const size_t first = files[at].offset / chunk_size;
    const size_t last = (files[at].offset + files[at].size - 1) / chunk_size;
    char *to = room;
    for (size_t chunk = first; chunk <= last; chunk++, to += chunk_size) {
      const size_t size = starts[chunk + 1] - starts[chunk];
      if (pread(stored, packed, size, (off_t)starts[chunk]) != (ssize_t)size) fail("short read");
      const size_t made = is_zstd ? ZSTD_decompress(to, chunk_size, packed, size)
                                  : (size_t)LZ4_decompress_safe(packed, to, (int)size, (int)chunk_size);
      if (made != (chunk + 1 == chunks ? last_size : chunk_size)) fail("decodes to another size");
    }
  }
  return now() - started;
}

int main(int count, char **words) {
  if (count != 4) fail("wants CODEC KIB TAR");
  is_zstd = strcmp(words[1], "zstd") == 0;
  chunk_size = strtoul(words[2], NULL, 10) * 1024;
  const int plain = open(words[3], O_RDONLY);
  struct stat about;
  if (plain < 0 || fstat(plain, &about) != 0 || about.st_size == 0) fail("no tar");
  const size_t size = (size_t)about.st_size;
  const size_t chunks = (size + chunk_size - 1) / chunk_size;
  const size_t bound = ZSTD_compressBound(chunk_size) + (size_t)LZ4_compressBound((int)chunk_size);
  last_size = size - (chunks - 1) * chunk_size;
  char *tar = malloc(size), *room = malloc(size + 2 * chunk_size), *packed = malloc(bound), name[4096];
  if (!tar || !room || !packed || chunks > most_chunks) fail("too large");
  if (pread(plain, tar, size, 0) != (ssize_t)size) fail("short read");
  list_files(tar, size);
  snprintf(name, sizeof name, "%s.chunks", words[3]);
  const int stored = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const char *from = tar + chunk * chunk_size;
    const size_t length = chunk + 1 == chunks ? last_size : chunk_size;
    const size_t made = is_zstd ? ZSTD_compress(packed, bound, from, length, zstd_level)
                                : (size_t)LZ4_compress_default(from, packed, (int)length, (int)bound);
    if (pwrite(stored, packed, made, (off_t)starts[chunk]) != (ssize_t)made) fail("short write");
    starts[chunk + 1] = starts[chunk] + made;
  }
  double of_plain[rounds], of_chunks[rounds];
  for (int round = 0; round < rounds; round++) {
    of_plain[round] = read_plain(plain, room);
    of_chunks[round] = read_chunks(stored, room, packed, chunks);
  }
  qsort(of_plain, rounds, sizeof *of_plain, by_value);
  qsort(of_chunks, rounds, sizeof *of_chunks, by_value);
  printf("{\"bytes\": %zu, \"plain\": %.6f, \"chunks\": %.6f}\n", starts[chunks], of_plain[rounds / 2],
         of_chunks[rounds / 2]);
  return 0;
}
