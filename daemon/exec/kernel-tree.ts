import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AskedKernel } from '../header-choice.ts';

/** One kernel's directory of a mount. Another process serves it, so it may be looked at. */
export interface KernelTree extends AskedKernel {
  /** Full path of the kernel's directory. */
  readonly folder: string;
  readonly release: string;
  /** Names in a directory below it, `.` for itself; none where there is no such directory. */
  names(folder: string): Promise<readonly string[]>;
}

/** @param mountpoint where ikfs is mounted, absolute */
export function kernelTree(mountpoint: string, release: string): KernelTree {
  const folder = join(mountpoint, release);
  return {
    folder,
    release,
    // Looking at it has it made, where nothing less tells whether it is there.
    has: async (artifact) =>
      await stat(join(folder, artifact)).then(
        () => 'yes',
        () => 'no',
      ),
    names: async (path) => await readdir(join(folder, path)).catch(() => []),
  };
}
