import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { storedBlobs } from './eviction.ts';
import { Leases } from './leases.ts';
import { openStoreFolder } from './store-folder.ts';

/** Some blobs: how many, and how much they take of the disk, in bytes. */
export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** What is in a store at this moment. */
export interface StoreSummary {
  readonly all: Amount;
  /** What processes have in hand, and how many such there are. */
  readonly inUse: Amount & { readonly processes: number };
  /** When the blobs were last used that were not for longest and for shortest, in milliseconds since the epoch. */
  readonly used: { readonly first: number; readonly last: number } | undefined;
}

const nothing: StoreSummary = {
  all: { blobs: 0, bytes: 0 },
  inUse: { blobs: 0, bytes: 0, processes: 0 },
  used: undefined,
};

/**
 * Looks at a store, and changes nothing but that it sweeps up behind processes that have ended. A folder that is no
 * store is left as it is.
 * @throws IkfsError as openStoreFolder
 */
export function summariseStore(path: string): StoreSummary {
  if (!lstatSync(join(path, 'blobs'), { throwIfNoEntry: false })) return nothing;
  const folder = openStoreFolder(path);
  const leases = new Leases(folder.leases);
  leases.sweep();
  const blobs = storedBlobs(folder.blobs);
  const held = leases.all();
  const amountOf = (some: typeof blobs): Amount => ({
    blobs: some.length,
    bytes: some.reduce((sum, { size }) => sum + size, 0),
  });
  const inUse = blobs.filter(({ key }) => held.some((keys) => keys.has(key)));
  const used = blobs.map((blob) => blob.used).sort((a, b) => a - b);
  const [first, last] = [used[0], used.at(-1)];
  return {
    all: amountOf(blobs),
    inUse: { ...amountOf(inUse), processes: held.length },
    used: first === undefined || last === undefined ? undefined : { first, last },
  };
}
