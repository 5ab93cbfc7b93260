import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KernelArtifact } from '../src/artifact/kinds.ts';
import { IkfsError, asIkfsError } from '../src/errors.ts';
import type { KernelStatus, Status } from '../src/tree/status.ts';
import type { AskedKernel } from './header-choice.ts';

/** It changes with every request; who reads while others ask may catch it between its size and its text. */
const readings = 3;

/**
 * What status.json of a mount says. The process that serves it is another one.
 * @param mountpoint absolute
 * @throws IkfsError `unavailable` when who served it is gone, `not-found` where no ikfs is mounted, `corrupt`
 */
export function statusAt(mountpoint: string): Status {
  const path = join(mountpoint, 'status.json');
  for (let reading = 1; ; reading++) {
    const text = readText(path, mountpoint);
    try {
      return JSON.parse(text) as Status;
    } catch (cause) {
      if (reading < readings) continue;
      throw new IkfsError('corrupt', 'status.json is not what ikfs writes', { path, cause });
    }
  }
}

function readText(path: string, mountpoint: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTCONN') throw asIkfsError(error, { path });
    throw new IkfsError('unavailable', 'who served this mount is gone', {
      path: mountpoint,
      advice: 'ikfs unmount takes it away, ikfs mount replaces it',
    });
  }
}

/** The kernels of a mount, the running one first and then from the newest to the oldest. */
export function kernelsAt(mountpoint: string): AskedKernel[] {
  const newestFirst = statusAt(mountpoint).kernels.toReversed();
  const byInterest = [
    ...newestFirst.filter(({ running }) => running),
    ...newestFirst.filter(({ running }) => !running),
  ];
  return byInterest.map((kernel) => ({
    release: kernel.release,
    has: async (artifact) => ((await hasArtifact(mountpoint, kernel, artifact)) ? 'yes' : 'no'),
  }));
}

/** Has the mount make what is only possible, to be sure. */
async function hasArtifact(
  mountpoint: string,
  { release, artifacts }: KernelStatus,
  artifact: KernelArtifact,
): Promise<boolean> {
  switch (artifacts[artifact]?.state) {
    case 'present':
    case 'ready':
      return true;
    case 'possible':
      return await stat(join(mountpoint, release, artifact)).then(
        () => true,
        () => false,
      );
    default:
      return false;
  }
}
