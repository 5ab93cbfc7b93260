import { futimesSync, lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobKey } from '../artifact/blob-store.ts';
import { IkfsError, asIkfsError } from '../errors.ts';

/** A blob's file, as it is found in the store's folder. */
export interface StoredBlob {
  readonly key: BlobKey;
  readonly path: string;
  /** What it takes of the disk: whole blocks, in bytes. */
  readonly size: number;
  /** When it was last used, in milliseconds since the epoch; see markUsed(). */
  readonly used: number;
}

/** File systems give room in blocks, hardly anywhere smaller ones than these, in bytes. */
const blockSize = 4096;

/** Where the blob of a key is, below the folder of blobs. */
export function blobPath(blobs: string, key: BlobKey): string {
  return join(blobs, key.slice(0, 2), key.slice(2));
}

/** All blobs, in no order. One look at 4,000 of them takes some 40 ms. */
export function storedBlobs(blobs: string): StoredBlob[] {
  return namesIn(blobs, /^[0-9a-f]{2}$/).flatMap((first) =>
    namesIn(join(blobs, first), /^[0-9a-f]{62}$/).flatMap((rest) => {
      const path = join(blobs, first, rest);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (!stats?.isFile()) return [];
      const size = Math.ceil(stats.size / blockSize) * blockSize;
      return [{ key: `${first}${rest}` as BlobKey, path, size, used: stats.mtimeMs }];
    }),
  );
}

/** So exactly is it known when a blob was used last, in milliseconds; each use would else be a write. */
const usedWithin = 60_000;

/**
 * Notes in a blob's file that it is used now: its time of modification, as that of access is not kept everywhere.
 * @param before what that is, in milliseconds since the epoch; a clock may have been set back since
 */
export function markUsed(descriptor: number, before: number): void {
  const now = Date.now();
  if (Math.abs(now - before) < usedWithin) return;
  try {
    futimesSync(descriptor, now / 1000, now / 1000);
  } catch {
    // On a read-only file system nothing is evicted either.
  }
}

/** What an eviction has come to. */
export interface Evicted {
  /** Blobs that were removed, and what they took, in bytes. */
  readonly count: number;
  readonly bytes: number;
  /** What is left, in bytes. */
  readonly left: number;
  /** Why something could not be removed that nobody has in hand. */
  readonly refusal: IkfsError | undefined;
}

/**
 * Removes blobs that nobody has in hand, those first that were not used for longest, until no more than so many
 * bytes are left, or nothing that may go.
 * @param aside a folder of this process in the same file system
 * @param inUse whether somebody has a blob in hand at this moment
 */
export function evict(
  blobs: readonly StoredBlob[],
  mostBytes: number,
  aside: string,
  inUse: (key: BlobKey) => boolean,
): Evicted {
  let left = blobs.reduce((sum, { size }) => sum + size, 0);
  let [count, bytes] = [0, 0];
  let refusal: IkfsError | undefined;
  for (const blob of [...blobs].sort((a, b) => a.used - b.used)) {
    if (left <= mostBytes) break;
    if (inUse(blob.key)) continue;
    const end = takeAway(blob, aside, inUse);
    if (end instanceof IkfsError) refusal ??= end;
    if (end === 'removed' || end === 'gone') left -= blob.size;
    if (end === 'removed') {
      bytes += blob.size;
      count += 1;
    }
  }
  return { count, bytes, left, refusal };
}

/**
 * Removes a blob unless somebody has just taken it in hand. Who does notes that first and opens it then; here it is
 * put out of sight first and looked for in the notes then. So either it is not found there any more, or its note is
 * found here.
 * @returns `gone` when another process was faster; or why it can not be removed
 */
function takeAway(
  { key, path }: StoredBlob,
  aside: string,
  inUse: (key: BlobKey) => boolean,
): 'removed' | 'gone' | 'kept' | IkfsError {
  const hidden = join(aside, key);
  try {
    renameSync(path, hidden);
    if (inUse(key)) {
      renameSync(hidden, path);
      return 'kept';
    }
    unlinkSync(hidden);
    return 'removed';
  } catch (thrown) {
    const error = asIkfsError(thrown, { path });
    return error.code === 'not-found' ? 'gone' : error;
  }
}

function namesIn(folder: string, form: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => form.test(name));
  } catch {
    return [];
  }
}
