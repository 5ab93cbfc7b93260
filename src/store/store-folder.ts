import { constants, chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { IkfsError, asIkfsError } from '../errors.ts';

/** Where things are in a store; full paths without links in them. */
export interface StoreFolder {
  readonly path: string;
  /** The blobs, each in a folder named after the first two digits of its key. */
  readonly blobs: string;
  /** See leases.ts. */
  readonly leases: string;
}

const othersWrite = constants.S_IWGRP | constants.S_IWOTH;
const advice = 'Name another directory with --cache-dir';

/**
 * The folders of a store, made where they are not there. What is in them is served as this user's, so nobody else
 * may put anything there: they must be this user's own and written to by nobody else, and no directory above
 * may be one in which somebody else could put another in their place. Once that holds, no path in the store can
 * be made to lead elsewhere.
 * @throws IkfsError `denied` when that does not hold; `denied`, `no-space`, `io` when they can not be made
 */
export function openStoreFolder(folder: string): StoreFolder {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = realpathSync(folder);
    checkAbove(path);
    checkOwn(path);
    const [blobs, leases] = [join(path, 'blobs'), join(path, 'leases')];
    for (const each of [blobs, leases]) {
      mkdirSync(each, { recursive: true, mode: 0o700 });
      // Whoever made the outer one may have let others look inside.
      if ((checkOwn(each).mode & 0o077) !== 0) chmodSync(each, 0o700);
    }
    return { path, blobs, leases };
  } catch (error) {
    throw asIkfsError(error, { path: folder, step: 'store' });
  }
}

function checkOwn(path: string): Stats {
  const stats = lstatSync(path);
  const refuse = (message: string): IkfsError => new IkfsError('denied', message, { path, advice });
  if (!stats.isDirectory()) throw refuse('is not a directory');
  if (stats.uid !== process.geteuid?.()) throw refuse(`belongs to another user (${stats.uid})`);
  if ((stats.mode & othersWrite) !== 0) throw refuse('is open to writing by others (chmod go-w)');
  return stats;
}

/** The owner that files of users show who are not in this user namespace (user_namespaces(7)). */
const unmapped = 65534;

/**
 * Where another user could put something else in place of a path. Directories above belong to root or to this user.
 * Where others may write, the sticky bit keeps them from renaming what is not theirs; a group is taken to be
 * trusted, as many systems give each user one of his own.
 * @param path absolute, without symbolic links; itself it is not looked at
 * @returns the innermost such directory; undefined when there is none
 */
export function replaceableIn(path: string): string | undefined {
  for (let above = dirname(path); ; above = dirname(above)) {
    const { uid, mode } = lstatSync(above);
    const isTrusted = [0, unmapped, process.geteuid?.()].includes(uid);
    if (!isTrusted || ((mode & constants.S_IWOTH) !== 0 && (mode & 0o1000) === 0)) return above;
    if (above === dirname(above)) return undefined;
  }
}

function checkAbove(path: string): void {
  const above = replaceableIn(path);
  if (above === undefined) return;
  throw new IkfsError('denied', `lies in ${above}, where another user could replace it`, { path, advice });
}
