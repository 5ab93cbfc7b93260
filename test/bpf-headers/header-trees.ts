import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** The architectures whose headers are known, as the kernel's own folders call them. */
export const architectures = [
  'arm',
  'arm64',
  'loongarch',
  'mips',
  'powerpc',
  'riscv',
  's390',
  'x86',
] as const;

/** A header by its path in the merged tree; `file` is undefined for one that a build makes and that is not there. */
export interface HeaderFile {
  readonly path: string;
  readonly file: string | undefined;
}

function headersBelow(tree: string, folder: string): HeaderFile[] {
  const start = join(tree, folder);
  if (!existsSync(start)) return [];
  return (
    readdirSync(start, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.h') && !entry.isDirectory())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return { path: file.slice(tree.length + 1), file };
      })
      // Not headers, but marks of Kbuild's for each option.
      .filter(({ path }) => !path.startsWith('include/config/'))
  );
}

/** What a Kbuild file assigns to a list: `generic-y += export.h`. */
function listed(kbuild: string, list: string): string[] {
  if (!existsSync(kbuild)) return [];
  return readFileSync(kbuild, 'utf8')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap(
      (line) => new RegExp(`^${list}-\\S+\\s*\\+?[:?]?=\\s*([^#]*)`).exec(line)?.[1]?.split(/\s+/) ?? [],
    )
    .filter((name) => name.endsWith('.h'));
}

/**
 * The headers that a build makes below `arch/ARCH/include/generated`: those that only include the generic header of their
 * name, and tables of system calls and the like. Kbuild's own rule for them is in scripts/Makefile.asm-headers.
 */
function generatedHeaders(tree: string, architecture: string): string[] {
  return ['asm', 'uapi/asm'].flatMap((folder) => {
    const own = join(tree, 'arch', architecture, 'include', folder);
    const kbuild = join(own, 'Kbuild');
    const generic = join(tree, 'include', folder === 'asm' ? 'asm-generic' : 'uapi/asm-generic', 'Kbuild');
    const made = [...listed(kbuild, 'generated'), ...listed(kbuild, 'syscall')];
    const wrappers = [...listed(kbuild, 'generic'), ...listed(generic, 'mandatory')];
    return [...made, ...wrappers.filter((name) => !existsSync(join(own, name)))].map(
      (name) => `arch/${architecture}/include/generated/${folder}/${name}`,
    );
  });
}

/**
 * The headers of trees that belong together, merged: `include`, `arch/ARCH/include` of each architecture, and what a build
 * adds to them. Sorted by path.
 * @param trees kernel trees, or what Debian's packages put below /usr/src; where two have a path the first counts
 */
export function mergedHeaders(trees: readonly string[]): HeaderFile[] {
  const found = new Map<string, HeaderFile>();
  const add = (header: HeaderFile): unknown => found.has(header.path) || found.set(header.path, header);
  for (const tree of trees) {
    for (const folder of ['include', ...architectures.map((name) => `arch/${name}/include`)]) {
      headersBelow(tree, folder).forEach(add);
    }
  }
  for (const tree of trees) {
    for (const architecture of architectures) {
      if (!existsSync(join(tree, 'arch', architecture, 'include/asm/Kbuild'))) continue;
      for (const path of generatedHeaders(tree, architecture)) add({ path, file: undefined });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
