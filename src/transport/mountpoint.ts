import { readdir, realpath, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { IkfsError, asIkfsError } from '../errors.ts';
import { automountAt } from './mount-table.ts';
import { detach } from './unmount.ts';

/**
 * Makes sure that a directory can be mounted on, and takes away what a server that crashed has left there. Where an
 * automount waits, there is nothing to look at but its name: a look may be answered only when this mount is there.
 * @param mountpoint absolute
 * @returns the same directory without symbolic links
 * @throws IkfsError `not-found`, `wrong-kind`, `denied`; `usage` when something is mounted there or it is not empty
 */
export async function prepareMountpoint(mountpoint: string): Promise<string> {
  const automount = automountAt(mountpoint);
  if (automount !== undefined) return automount;
  if (await isDeadMount(mountpoint)) {
    // Its own name cannot be resolved any more, that of the directory it lies in can.
    await detach(join(await realpath(dirname(mountpoint)), basename(mountpoint)));
  }
  let path: string;
  try {
    path = await realpath(mountpoint);
    const [own, parent] = await Promise.all([stat(path), stat(dirname(path))]);
    if (!own.isDirectory()) throw new IkfsError('wrong-kind', 'is not a directory', { path: mountpoint });
    if (own.dev !== parent.dev) {
      throw new IkfsError('usage', 'something is mounted there already', {
        path: mountpoint,
        advice: `Unmount it first (ikfs unmount ${mountpoint}) or choose another directory.`,
      });
    }
    if ((await readdir(path)).length > 0) {
      throw new IkfsError('usage', 'is not empty', {
        path: mountpoint,
        advice: 'Choose an empty directory: a mount would hide what is in this one.',
      });
    }
  } catch (error) {
    const known = asIkfsError(error, { path: mountpoint });
    throw known.code === 'not-found'
      ? known.within({ advice: `Make it first: mkdir -p ${mountpoint}` })
      : known;
  }
  return path;
}

/**
 * Whether a mount is there whose server is gone: what the server would have to be asked fails with ENOTCONN.
 * That is statfs(2) always; attributes and even names the kernel may still know by itself. An automount is not asked,
 * as that would have it mounted.
 */
export async function isDeadMount(mountpoint: string): Promise<boolean> {
  if (automountAt(mountpoint) !== undefined) return false;
  try {
    await statfs(mountpoint);
    return false;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // The latter is what fusectl's abort leaves (FUSE_ABORT_ERROR).
    return ['ENOTCONN', 'ECONNABORTED'].includes(code);
  }
}
