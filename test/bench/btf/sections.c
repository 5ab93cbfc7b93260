/*
 * sections FILE...: reads the ELF header, the section table, the section names and section .BTF of each file, as
 * little as any program can read to have that section. Prints how many have one, and their bytes.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *read_at(int file, off_t offset, size_t size, char *room, size_t *capacity) {
  if (size > *capacity) {
    room = realloc(room, size);
    *capacity = size;
    if (!room) exit(1);
  }
  if (pread(file, room, size, offset) != (ssize_t)size) exit(2);
  return room;
}

int main(int count, char **paths) {
  char *table = NULL, *names = NULL, *content = NULL;
  size_t table_room = 0, names_room = 0, content_room = 0;
  unsigned long found = 0, bytes = 0;
  for (int at = 1; at < count; at++) {
    Elf64_Ehdr header;
    int file = open(paths[at], O_RDONLY | O_CLOEXEC);
    if (file < 0 || pread(file, &header, sizeof header, 0) != sizeof header) return 3;
    table = read_at(file, header.e_shoff, (size_t)header.e_shnum * sizeof(Elf64_Shdr), table, &table_room);
    const Elf64_Shdr *sections = (const Elf64_Shdr *)table;
    const Elf64_Shdr *strings = &sections[header.e_shstrndx];
    names = read_at(file, strings->sh_offset, strings->sh_size, names, &names_room);
    for (int index = 0; index < header.e_shnum; index++) {
      if (strcmp(names + sections[index].sh_name, ".BTF") != 0) continue;
      content = read_at(file, sections[index].sh_offset, sections[index].sh_size, content, &content_room);
      found++;
      bytes += sections[index].sh_size;
    }
    close(file);
  }
  printf("%lu %lu\n", found, bytes);
  return 0;
}
