import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRoot } from '../requirements.ts';
import { writeFiles } from '../synthetic-kernel.ts';

/** Modules of the corpus kernel of several kinds, by the path that they have below its root. */
export const corpusModules = ['kernel/net/netfilter/nf_nat.ko', 'kernel/net/vmw_vsock/vsock.ko'] as const;

/** The file of a module of the corpus kernel. */
export function corpusModule(path: string): Buffer {
  return readFileSync(join(corpusRoot(), 'lib/modules/6.1.192-ik', path));
}

/** The name of a module's BTF in the tree: `nf_nat` for `kernel/.../nf_nat.ko`. */
export function moduleName(path: string): string {
  return basename(path).replace(/\.ko.*$/, '');
}

/** A ramdisk as Android has it: modules without folders, and what else such a ramdisk holds. */
export function androidRamdisk(modules: readonly string[] = corpusModules): Buffer {
  const flat = modules.map((path): [string, Buffer] => [`lib/modules/${basename(path)}`, corpusModule(path)]);
  const list = modules.map((path) => `${basename(path)}\n`).join('');
  return archiveOf({ init: '#!/bin/sh\n', ...Object.fromEntries(flat), 'lib/modules/modules.load': list });
}

/** An archive of files and their folders, made by cpio(1) as for an initramfs. */
export function archiveOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const folder = temporaryFolder();
  try {
    writeFiles(folder.path, files);
    const names = execFileSync('find', ['.', '-mindepth', '1'], { cwd: folder.path });
    return execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], {
      cwd: folder.path,
      input: names,
      maxBuffer: 256 * 1024 * 1024,
    });
  } finally {
    folder.remove();
  }
}

/** How a ramdisk can be packed: the tool with its arguments, none for one that is not. */
export const packings = {
  none: undefined,
  gzip: ['gzip', '-c'],
  'lz4-legacy': ['lz4', '-l', '-c'],
  xz: ['xz', '--check=crc32', '-c'],
  lzma: ['xz', '--format=lzma', '-c'],
  zstd: ['zstd', '-q', '-c'],
  bzip2: ['bzip2', '-c'],
} as const;

/** Bytes as a tool packs them. */
export function packed(packing: keyof typeof packings, bytes: Buffer): Buffer {
  const words = packings[packing];
  if (!words) return bytes;
  const [tool, ...args] = words;
  return execFileSync(tool, args, { input: bytes, maxBuffer: 256 * 1024 * 1024 });
}

/**
 * An image made by AOSP's mkbootimg.
 * @param args its options, in which names of files are replaced by paths of files with that content
 */
export function mkbootimg(files: Readonly<Record<string, Buffer>>, ...args: readonly string[]): Buffer {
  const folder = temporaryFolder();
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder.path, name), content);
    const words = args.map((word) => (word in files || word === 'image' ? join(folder.path, word) : word));
    execFileSync('mkbootimg', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    return readFileSync(join(folder.path, 'image'));
  } finally {
    folder.remove();
  }
}
