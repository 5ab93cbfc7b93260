import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { replaceableIn } from '../../src/store/store-folder.ts';
import {
  automountAt,
  ikfsType,
  mountAt,
  mounts,
  mountsAdvice,
  placeInTable,
} from '../../src/transport/mount-table.ts';
import type { MountEntry } from '../../src/transport/mount-table.ts';
import { statusAt } from '../mounted-kernels.ts';
import { defaultMountpoint } from '../mountpoint.ts';

/** Why a command may not be led to a mount: somebody else says what is in it. Undefined when it may. */
function distrust({ mountpoint, userId }: MountEntry): string | undefined {
  if (userId !== 0 && userId !== process.geteuid?.()) return `is served by another user (${userId})`;
  const above = replaceableIn(mountpoint);
  return above === undefined ? undefined : `lies in ${above}, where another user could replace it`;
}

/**
 * The mount that somebody has named.
 * @throws IkfsError `not-found` when no ikfs is mounted there, `denied` when it is not to be trusted
 */
export function namedMount(path: string): string {
  const place = placeInTable(path);
  const found = place === undefined ? undefined : mountAt(place);
  if (found?.type !== ikfsType) {
    throw new IkfsError('not-found', 'no ikfs is mounted there', { path, advice: mountsAdvice() });
  }
  const reason = distrust(found);
  if (reason !== undefined) throw new IkfsError('denied', reason, { path });
  return found.mountpoint;
}

/**
 * A mount that shows a kernel: the usual one, else any other. What was bound of one, and what others could have put
 * there, does not count; neither does one that nobody serves any more.
 */
export function mountWith(release: string): string | undefined {
  const usual = defaultMountpoint();
  // Whoever looks into it has it mounted.
  if (automountAt(usual) !== undefined) existsSync(join(usual, '.'));
  const candidates = mounts()
    .filter((mount) => mount.type === ikfsType && mount.root === '/')
    .sort((a, b) => Number(b.mountpoint === usual) - Number(a.mountpoint === usual));
  return candidates.find((mount) => isUsable(mount, release))?.mountpoint;
}

function isUsable(mount: MountEntry, release: string): boolean {
  try {
    return (
      mountAt(mount.mountpoint)?.root === '/' &&
      distrust(mount) === undefined &&
      statusAt(mount.mountpoint).kernels.some((kernel) => kernel.release === release)
    );
  } catch {
    return false;
  }
}
