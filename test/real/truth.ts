import { mkdir, symlink } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRoot } from '../corpus-root.ts';

export const corpusRelease = '6.1.192-ik';

/** Checksum and length of an artifact as the kernel's own build and objcopy gave them. */
export interface Truth {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * What is known of the corpus kernel's artifacts, by their name in its directory. The list names modules by
 * their files; the kernel and ikfs write `_` for `-`.
 */
export function corpusTruth(): Readonly<Record<string, Truth>> {
  const text = readFileSync(join(corpusRoot(), 'truth', 'artifacts.json'), 'utf8');
  const listed = JSON.parse(text) as Record<string, Truth>;
  return Object.fromEntries(
    Object.entries(listed).map(([name, truth]) => [name.replaceAll('-', '_'), truth]),
  );
}

/** SHA-256 of every regular file of the unpacked archive, by its path. */
export function corpusHeaderChecksums(): ReadonlyMap<string, string> {
  const list = execFileSync('xz', ['-dc', join(corpusRoot(), 'truth', 'kheaders.sha256.xz')], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines = list.trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const [checksum = '', path = ''] = line.split(/\s+/);
      return [path.replace(/^\*?\.\//, ''), checksum];
    }),
  );
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Links that build/ has beside what the archive holds, with their targets. */
export const corpusCompanions = {
  '.config': '../config',
  vmlinux: '../vmlinux',
  'Module.symvers': '../Module.symvers',
  GNUmakefile: '../headers-only.mk',
  'include/config/auto.conf': '../../../auto.conf',
  'include/config/kernel.release': '../../../kernel.release',
};

/** Puts these links into a folder that the archive was unpacked to. */
export async function addCompanions(folder: string): Promise<void> {
  await mkdir(join(folder, 'include', 'config'));
  for (const [path, target] of Object.entries(corpusCompanions)) await symlink(target, join(folder, path));
}
