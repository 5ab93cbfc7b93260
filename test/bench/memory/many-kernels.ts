import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { debianCache, unpackedPackage } from '../../debian-kernels.ts';
import { vmlinux } from '../../synthetic-kernel.ts';
import { corpusRoot } from '../../corpus-root.ts';

/** A root directory with many kernels in it. */
export interface ManyKernels {
  readonly root: string;
  /** Those with thousands of modules. */
  readonly releases: readonly string[];
  /** That of them whose modules say that they are its own. */
  readonly genuine: string;
  readonly remove: () => void;
}

/**
 * Makes a root directory with the corpus' kernel, and so many with the modules of Debian's: folders of hard links
 * to one package's modules. Their images are ELF files with a banner and no more; their modules are as large, and their
 * names as many, as Debian's are.
 * @returns undefined where Debian's kernel was not fetched
 */
export function makeManyKernels(count: number): ManyKernels | undefined {
  const debian = unpackedPackage('6.1');
  if (debian === undefined) return undefined;
  const modules = join(debian, 'lib', 'modules');
  const [genuine = ''] = readdirSync(modules);
  // Hard links lead to files of the same file system.
  const root = mkdtempSync(join(debianCache(), '..', 'many-kernels-'));
  const remove = (): void => {
    rmSync(root, { recursive: true });
  };
  try {
    for (const part of ['boot', 'lib/modules'])
      cpSync(join(corpusRoot(), part), join(root, part), { recursive: true });
    const others = Array.from({ length: count - 1 }, (_, index) => `6.1.${index + 1}-many`);
    const releases = [genuine, ...others];
    for (const release of releases) {
      linkFolder(join(modules, genuine), join(root, 'lib', 'modules', release));
      writeFileSync(join(root, 'boot', `vmlinux-${release}`), vmlinux({ release }));
    }
    return { root, releases, genuine, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function linkFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, path));
    if (entry.isDirectory()) mkdirSync(target, { recursive: true });
    else if (entry.isFile()) {
      mkdirSync(join(target, '..'), { recursive: true });
      linkSync(path, target);
    }
  }
}
