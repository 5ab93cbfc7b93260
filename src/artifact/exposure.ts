import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { livePaths } from '../source/live.ts';
import type { KernelArtifact } from './kinds.ts';
import type { ModuleArtifact } from './module-artifacts.ts';

/** Who may read artifacts beside the user that serves them. */
export const exposures = ['published', 'all', 'none'] as const;

/**
 * `published`: everybody, where everybody may read the file that it comes from, or what the running kernel itself shows of
 * that kind; `all`: everybody; `none`: nobody.
 */
export type Exposure = (typeof exposures)[number];

/** Where an artifact comes from. */
export interface Origin {
  readonly artifact: KernelArtifact | ModuleArtifact;
  /** Whether it is one of the running kernel. */
  readonly live: boolean;
  /** Every file that it is made from. */
  readonly files: readonly string[];
}

/** Whether everybody may read an artifact. */
export function isExposed(exposure: Exposure, { artifact, live, files }: Origin): boolean {
  switch (exposure) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'published':
      // It is the name of the kernel's directory.
      if (artifact === 'kernel.release') return true;
      if (live && publishedAs(artifact).some(isForEverybody)) return true;
      return files.length > 0 && files.every(isForEverybody);
  }
}

/** Where the running kernel shows what has the same in it. */
function publishedAs(artifact: KernelArtifact | ModuleArtifact): readonly string[] {
  switch (artifact) {
    case 'version':
    case 'compiler':
    case 'kernel.release':
      return [livePaths.version];
    case 'config':
    case 'config.gz':
    case 'auto.conf':
      return livePaths.config;
    case 'kheaders.tar.xz':
    case 'build':
    case 'headers-only.mk':
      return livePaths.headers;
    case 'btf/vmlinux':
    case 'vmlinux':
    case 'types/vmlinux.h':
      return [`${livePaths.btf}/vmlinux`];
    // Of modules it shows those that are loaded, and of no other file anything.
    case 'btf':
    case 'btf-flat':
    case 'types':
    case 'btf-flat/all':
    case 'bpf-headers':
    case 'modules.tsv':
    case 'Module.symvers':
      return [];
  }
}

/** Bits of a mode for everybody: to read a file, to look names up in a directory. */
const mayRead = 0o004;
const mayEnter = 0o001;

/** Whether every user may open a file for reading, by the modes of it and of what is above it. */
function isForEverybody(path: string): boolean {
  try {
    const real = realpathSync(path);
    if ((statSync(real).mode & mayRead) === 0) return false;
    for (let above = dirname(real); above !== dirname(above); above = dirname(above)) {
      if ((statSync(above).mode & mayEnter) === 0) return false;
    }
    return true;
  } catch {
    // Not there, or not to be looked at: then it is not shown to anybody else either.
    return false;
  }
}
