import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parseBzImage } from '../../src/format/bzimage.ts';
import { corpusRoot } from '../requirements.ts';

/** The one boot/vmlinuz-RELEASE below a root directory. */
export function firstImage(root: string): { readonly bytes: Buffer; readonly release: string } {
  const name = readdirSync(join(root, 'boot')).find((each) => each.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`no kernel image in ${root}/boot`);
  return { bytes: readFileSync(join(root, 'boot', name)), release: name.slice('vmlinuz-'.length) };
}

/** Paths of all module files below a root directory, sorted. */
export function modulePaths(root: string): string[] {
  const folder = join(root, 'lib', 'modules');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ko(\.xz)?$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The decompressed kernel of the corpus, an ELF file. */
export function corpusKernel(): MemorySource {
  const { bytes } = firstImage(corpusRoot());
  const { offset, size } = parseBzImage(new MemorySource('vmlinuz', bytes)).payload;
  return new MemorySource('vmlinux', gunzipSync(bytes.subarray(offset, offset + size)));
}

/** Checksum and size of an artifact, as truth/artifacts.json of the corpus has them. */
export interface Checksum {
  readonly sha256: string;
  readonly bytes: number;
}

export function checksum(bytes: Buffer): Checksum {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** What the artifacts of the corpus must be, by name: `btf/vmlinux`, `kheaders.tar.xz`. */
export function corpusTruth(): Readonly<Record<string, Checksum>> {
  const text = readFileSync(join(corpusRoot(), 'truth', 'artifacts.json'), 'utf8');
  return JSON.parse(text) as Record<string, Checksum>;
}
