// What both measuring programs need: the clock, lists of lines, and a way to give up.

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** Ends the program with what failed and why. */
static inline void die(const char *what) {
  perror(what);
  exit(1);
}

/** Nanoseconds since some moment in the past. */
static inline long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/** Reads a file into memory as lines without their ends; returns how many. */
static inline size_t read_lines(const char *path, char ***lines) {
  FILE *list = fopen(path, "r");
  if (!list) die(path);
  size_t count = 0, room = 0, size = 0;
  char *line = NULL;
  while (getline(&line, &size, list) > 0) {
    line[strcspn(line, "\n")] = '\0';
    if (count == room) {
      room = room ? 2 * room : 1024;
      *lines = realloc(*lines, room * sizeof **lines);
      if (!*lines) die("realloc");
    }
    (*lines)[count] = strdup(line);
    if (!(*lines)[count++]) die("strdup");
  }
  free(line);
  fclose(list);
  return count;
}
