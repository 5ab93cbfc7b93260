import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { IkfsError } from '../errors.ts';

const run = promisify(execFile);

/** A command that does not answer is given up: the next one asks for less. */
const patienceMilliseconds = 10_000;

/**
 * The commands to try, gentlest first. No shell is involved, and the mountpoint is absolute, so it cannot be
 * taken for an option. `umount` comes with util-linux, busybox and toybox; fusermount is for users.
 */
function candidates(mountpoint: string): readonly (readonly [string, ...string[]])[] {
  const gentle = [
    ['umount', mountpoint],
    ['fusermount3', '-u', mountpoint],
    ['fusermount', '-u', mountpoint],
  ] as const;
  const lazy = [
    ['umount', '-l', mountpoint],
    ['fusermount3', '-u', '-z', mountpoint],
    ['fusermount', '-u', '-z', mountpoint],
  ] as const;
  const isRoot = process.geteuid?.() === 0;
  return isRoot ? [gentle[0], ...lazy] : [...gentle.slice(1), ...lazy.slice(1), gentle[0]];
}

const isLazy = (arg: string): boolean => arg === '-l' || arg === '-z';

/**
 * Takes the topmost mount away from a mountpoint, lazily when it is busy. The process that serves it may be
 * the caller: nothing here waits on the event loop.
 * @param mountpoint absolute
 * @param unlessBusy rather fail when it is busy
 * @returns how: a mount that was busy lives on, out of sight, until its last user is done
 * @throws IkfsError `io` with what the last command said, `unavailable` when none is installed
 */
export async function detach(mountpoint: string, unlessBusy = false): Promise<'at once' | 'lazily'> {
  let complaint: string | undefined;
  for (const [command, ...args] of candidates(mountpoint)) {
    if (unlessBusy && args.some(isLazy)) continue;
    try {
      await run(command, args, { timeout: patienceMilliseconds });
      return args.some(isLazy) ? 'lazily' : 'at once';
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      if (code !== 'ENOENT') complaint = stderr?.trim() || String(error);
    }
  }
  if (complaint !== undefined) throw new IkfsError('io', complaint, { path: mountpoint });
  throw new IkfsError('unavailable', 'could not be unmounted: neither umount nor fusermount is installed', {
    path: mountpoint,
  });
}
