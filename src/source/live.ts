import { readFileSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { asIkfsError } from '../errors.ts';

/**
 * Where the running kernel shows its own artifacts, in order of preference. The header archive has had three
 * names: the last is the first patch's, the second is 5.2-rc1's (kernel/kheaders.c).
 */
export const livePaths = {
  config: ['/proc/config.gz'],
  headers: ['/sys/kernel/kheaders.tar.xz', '/proc/kheaders.tar.xz', '/proc/kheaders.txz'],
  btf: '/sys/kernel/btf',
  version: '/proc/version',
  commandLine: '/proc/cmdline',
  bootconfig: '/proc/bootconfig',
} as const;

/** What uname(2) calls the running kernel. */
export function runningRelease(): string {
  return release();
}

/**
 * The whole of a file of procfs or sysfs, whose size is only known by reading it.
 * @returns undefined when the kernel does not have it
 * @throws IkfsError `denied`, `io`
 */
export function readLive(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const failure = asIkfsError(error, { path });
    if (failure.code === 'not-found') return undefined;
    throw failure;
  }
}

/** Names of the loaded modules that have BTF; empty where the kernel shows none. */
export function liveModules(): readonly string[] {
  try {
    return readdirSync(livePaths.btf).filter((name) => name !== 'vmlinux');
  } catch (error) {
    const failure = asIkfsError(error, { path: livePaths.btf });
    if (failure.code === 'not-found') return [];
    throw failure;
  }
}
