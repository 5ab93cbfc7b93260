import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A mount as /proc/self/mountinfo has it. */
export interface MountEntry {
  readonly mountpoint: string;
  /** File system type, with its subtype: `fuse.ikfs`. */
  readonly type: string;
  /** What of the file system is mounted: `/`, or the directory or file in it that was bound. */
  readonly root: string;
  /** Of a FUSE mount: who has mounted it, and serves it. */
  readonly userId: number | undefined;
}

/** The type of our own mounts. */
export const ikfsType = 'fuse.ikfs';

/** The mounts of this mount namespace, in the order of mounting (proc_pid_mountinfo(5)). */
export function mounts(): MountEntry[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line): MountEntry[] => {
      const [before = '', after = ''] = line.split(' - ');
      const [root, mountpoint] = before.split(' ').slice(3);
      const [type, , ...options] = after.split(' ');
      if (root === undefined || mountpoint === undefined || type === undefined) return [];
      const user = /(?:^|,)user_id=(\d+)(?:,|$)/.exec(options.join(' '))?.[1];
      return [
        {
          mountpoint: unescape(mountpoint),
          type,
          root: unescape(root),
          userId: user === undefined ? undefined : Number(user),
        },
      ];
    });
}

/** Undoes the kernel's escapes of space, tab, line break and backslash: `\040`. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** What is mounted at a path, on top of all else there. */
export function mountAt(path: string): MountEntry | undefined {
  return mounts().findLast(({ mountpoint }) => mountpoint === path);
}

/**
 * A path as the table of mounts has it: without symbolic links in front of its last name. What has that name is not
 * looked at: it may be a mount that does not answer.
 * @returns undefined when the directory that it lies in is not there
 */
export function placeInTable(path: string): string | undefined {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return undefined;
  }
}

/**
 * The place of an automount (autofs) that nothing is mounted on, in the table of mounts. Who looks at it has the
 * automount's daemon mount, and waits until that says it has. Only the process group of that daemon does not, to
 * which those it starts to mount belong: for them, and nobody else, this is a directory like any other
 * (Documentation/filesystems/autofs.rst).
 * @param path absolute; not looked at
 * @returns undefined where there is none, and where there is no table
 */
export function automountAt(path: string): string | undefined {
  const place = placeInTable(path);
  try {
    return place !== undefined && mountAt(place)?.type === 'autofs' ? place : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The mount that a path lies in.
 * @param path absolute, without symbolic links
 */
export function mountOf(path: string): MountEntry | undefined {
  let innermost: MountEntry | undefined;
  for (const mount of mounts()) {
    const { mountpoint } = mount;
    const isInside = path === mountpoint || path.startsWith(mountpoint === '/' ? '/' : `${mountpoint}/`);
    // Of several at one place, the last one hides the others.
    if (isInside && mountpoint.length >= (innermost?.mountpoint.length ?? 0)) innermost = mount;
  }
  return innermost;
}

/** Where ikfs is mounted, as advice to somebody who looks for it elsewhere. */
export function mountsAdvice(): string | undefined {
  const places = new Set(
    mounts()
      .filter(({ type }) => type === ikfsType)
      .map(({ mountpoint }) => mountpoint),
  );
  return places.size > 0 ? `ikfs is mounted at ${[...places].join(', ')}` : undefined;
}
