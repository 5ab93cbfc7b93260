import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianCache } from './debian-kernels.ts';
import { run } from './mount/daemon.ts';
import { writeFiles } from './synthetic-kernel.ts';

/** The release of Debian 12's kernel whose packages for building modules lie among the kernels. */
export const kbuildRelease = '6.1.0-56-amd64';

/** Those packages, and what of each goes into one tree, in this order. */
const parts = [
  {
    package: 'linux-headers-6.1.0-56-common',
    folder: 'usr/src/linux-headers-6.1.0-56-common',
    names: ['Makefile', 'include', 'arch/x86'],
  },
  {
    package: `linux-headers-${kbuildRelease}`,
    folder: `usr/src/linux-headers-${kbuildRelease}`,
    names: ['.config', '.kernelvariables', 'Module.symvers', 'include', 'arch'],
  },
  { package: 'linux-kbuild-6.1', folder: 'usr/lib/linux-kbuild-6.1', names: ['scripts', 'tools'] },
] as const;

/** Why there is no such tree to be had, or undefined when there is. */
export function missingKbuildPackages(): string | undefined {
  const absent = parts.find((part) => !existsSync(join(debianCache(), part.package)));
  return absent && `${absent.package} is not in ${debianCache()}`;
}

/** Debian's tree for building modules in one piece, which Debian keeps in three packages. @param folder must not be there */
export function mergeKbuild(folder: string): void {
  for (const { package: name, folder: place, names } of parts) {
    for (const path of names) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      cpSync(join(debianCache(), name, place, path), join(folder, path), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
  }
}

/** Packs a whole tree as header archives are packed. */
export async function archiveTree(folder: string, archive: string): Promise<void> {
  const script = 'tar -C "$1" --owner=0 --group=0 --numeric-owner --sort=name -cf - ./ | xz -0 > "$2"';
  await run('sh', ['-c', script, 'sh', folder, archive]);
}

/** Writes a module that calls the kernel, so that it has checksums of symbols. */
export function writeModule(folder: string): void {
  writeFiles(folder, {
    Makefile: 'obj-m := hello.o\n',
    'hello.c': `#include <linux/module.h>
#include <linux/debugfs.h>
static struct dentry *entry;
static int __init hello_init(void) { entry = debugfs_create_dir("hello", NULL); pr_info("hello\\n"); return 0; }
static void __exit hello_exit(void) { debugfs_remove(entry); }
module_init(hello_init);
module_exit(hello_exit);
MODULE_LICENSE("GPL");
`,
  });
}

/** Files of a tree that builds as kbuild does, but is small: its modules are texts, its one host program a C program. */
export function smallKbuild(): Record<string, string> {
  return {
    'include/linux/kconfig.h': '#include <generated/autoconf.h>\n',
    'include/generated/autoconf.h': '#define CONFIG_X86 1\n',
    'include/config/auto.conf': 'CONFIG_X86=y\n',
    '.config': 'CONFIG_CC_VERSION_TEXT="gcc (Test) 4.9.0"\nCONFIG_X86=y\n',
    // The first pass hands goals on to the second, as the kernel's own makefile does.
    Makefile: `ifndef sub_make_done
export sub_make_done := 1
$(filter-out __sub-make,$(MAKECMDGOALS)): __sub-make
	@:
__sub-make:
	@$(MAKE) -f Makefile $(MAKECMDGOALS)
.PHONY: __sub-make
else
CC := gcc
build := -f scripts/Makefile.build obj
modules:
	scripts/basic/fixdep > $(M)/made
	scripts/mod/modpost >> $(M)/made
endif
`,
    'scripts/Makefile.build': `all: $(patsubst %.c,%,$(wildcard $(obj)/*.c))
$(obj)/%: $(obj)/%.c
	$(CC) -o $@ $<
`,
  };
}

/** C of a program that says a word. */
export function sayingProgram(word: string): string {
  return `#include <stdio.h>\nint main(void) { return puts("${word}") < 0; }\n`;
}

/** An ELF header and nothing behind it, for a kind of machine (e_machine). */
export function programFor(machine: number): Buffer {
  const bytes = Buffer.alloc(64);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(bytes);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt16LE(64, 52);
  return bytes;
}

/** Writes a program that can be run. */
export function writeProgram(path: string, bytes: Buffer | string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, bytes, { mode: 0o755 });
}
