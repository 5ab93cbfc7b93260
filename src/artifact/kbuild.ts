/*
 * What of kbuild, the kernel's build system, lies in a header archive. gen_kheaders.sh packs header files only, so archives
 * of kernels have nothing of it; those made of a distribution's packages for building modules have all (Documentation/kbuild/modules.rst).
 */

/** What an archive has. */
export interface ArchiveFiles {
  /** Whether there is something of that path, `scripts/Makefile.build`. */
  has(path: string): boolean;
}

/** What every build of a module begins with: the makefile that `make -C` reads, and the one that compiles a folder. */
const firstFiles = ['Makefile', 'scripts/Makefile.build'] as const;

/** Those of the files that kbuild can do nothing without which an archive lacks; none where modules can be built. */
export function missingKbuild(archive: ArchiveFiles): string[] {
  return firstFiles.filter((path) => !archive.has(path));
}

/** The program that scripts/Makefile.modfinal runs on each module once there is a vmlinux (since 5.11). */
export const resolveBtfids = 'tools/bpf/resolve_btfids/resolve_btfids';
