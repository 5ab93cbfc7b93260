import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { asIkfsError } from '../src/errors.ts';
import { automountAt, ikfsType, mountAt, placeInTable } from '../src/transport/mount-table.ts';
import { isDeadMount } from '../src/transport/mountpoint.ts';
import { detach } from '../src/transport/unmount.ts';
import { log } from './log.ts';

/** Where the tree is mounted unless the command line says otherwise. */
export function defaultMountpoint(): string {
  const user = process.geteuid?.() ?? 0;
  if (user === 0) return '/run/ikfs';
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return join(runtime !== undefined && isAbsolute(runtime) ? runtime : `/run/user/${user}`, 'ikfs');
}

/** Directories that were made for a mount. */
export interface MadeMountpoint {
  /** The innermost first. */
  readonly made: readonly string[];
  /** Takes them away again; to be called when nothing is mounted there any more. */
  remove(): void;
}

/**
 * Takes away the mount of an ikfs that was killed: whoever looks at it is told ENOTCONN.
 * @param path absolute
 * @throws IkfsError `io`, `unavailable` when it can not be unmounted
 */
export async function replaceDeadMount(path: string): Promise<void> {
  const place = placeInTable(path);
  if (place === undefined) return;
  while (mountAt(place)?.type === ikfsType && (await isDeadMount(place))) {
    await detach(place);
    log('info', `${path}: a dead mount of an earlier ikfs was there, and is replaced`);
  }
}

/**
 * Makes a mountpoint if it is missing. Whether one that is there will do is for the transport to tell; where an
 * automount waits, one is.
 * @param path absolute
 * @throws IkfsError `denied`, `wrong-kind`, `io`
 */
export function createMountpoint(path: string): MadeMountpoint {
  const nothing: MadeMountpoint = { made: [], remove: () => undefined };
  if (automountAt(path) !== undefined) return nothing;
  try {
    statSync(path);
    return nothing;
  } catch (error) {
    // Anything else is there in some way, such as the mount of a server that crashed.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return nothing;
  }
  let outermost: string | undefined;
  try {
    outermost = mkdirSync(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw asIkfsError(error, { path, step: 'mountpoint' });
  }
  if (outermost === undefined) return nothing;
  const made = [path];
  for (let above = path; above !== outermost;) made.push((above = dirname(above)));
  return {
    made,
    remove() {
      try {
        for (const folder of made) rmdirSync(folder);
      } catch {
        // Somebody uses it by now; an empty directory too many is no harm.
      }
    },
  };
}
