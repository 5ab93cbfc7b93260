import { readFileSync } from 'node:fs';

/** A mount as /proc/self/mountinfo has it. */
export interface MountEntry {
  readonly mountpoint: string;
  /** File system type, with its subtype: `fuse.ikfs`. */
  readonly type: string;
}

/** The type of our own mounts. */
export const ikfsType = 'fuse.ikfs';

/** The mounts of this mount namespace, in the order of mounting (proc_pid_mountinfo(5)). */
export function mounts(): MountEntry[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line): MountEntry[] => {
      const [before = '', after = ''] = line.split(' - ');
      const mountpoint = before.split(' ')[4];
      const type = after.split(' ')[0];
      return mountpoint === undefined || type === undefined
        ? []
        : [{ mountpoint: unescape(mountpoint), type }];
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
