import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { MemoryRoom } from '../src/bytes/memory-room.ts';
import type { BlobStore } from '../src/artifact/blob-store.ts';
import { IkfsError, asIkfsError, describeError } from '../src/errors.ts';
import { DiskStore } from '../src/store/disk-store.ts';
import type { DamageFound } from '../src/store/disk-store.ts';
import { FallbackStore } from '../src/store/fallback-store.ts';
import { openStoreFolder } from '../src/store/store-folder.ts';
import { MemoryStore } from '../src/store/memory-store.ts';
import { usualBound } from '../src/store/size-bound.ts';
import { formatSize } from './format-size.ts';
import { log } from './log.ts';
import type { OptionValues } from './options.ts';
import { wholeNumber } from './whole-number.ts';

/** How what was made is kept, where the command line says other than usual. */
export interface Keeping {
  /** The directory of the store, if not the usual one. */
  readonly folder?: string;
  /** In memory only. */
  readonly inMemory?: boolean;
  /** How large the store on disk may become, in bytes. */
  readonly mostBytes?: number;
  /** What is kept in memory may take no more than this has. */
  readonly room?: MemoryRoom | undefined;
}

/**
 * What --cache-dir, --cache-size and --no-cache say.
 * @throws IkfsError `usage` also when both a store on disk and none are asked for
 */
export function keepingOf(values: OptionValues): Keeping {
  const { 'cache-dir': folder, 'cache-size': size } = values;
  if (values.cache === false) {
    if (folder === undefined && size === undefined) return { inMemory: true };
    throw new IkfsError('usage', '--no-cache goes with neither --cache-dir nor --cache-size');
  }
  const mebibytes = wholeNumber('cache-size', size, 0, { least: 1, most: 1024 ** 3 });
  return {
    ...(folder === undefined ? {} : { folder }),
    ...(size === undefined ? {} : { mostBytes: mebibytes * 1024 ** 2 }),
  };
}

/** The directory of the store (XDG Base Directory Specification), as a full path. */
export function storeFolder(keeping: Keeping): string {
  if (keeping.folder !== undefined) return resolve(keeping.folder);
  if (process.geteuid?.() === 0) return '/var/cache/ikfs';
  const cache = process.env['XDG_CACHE_HOME'];
  // The specification asks to ignore a relative path.
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'ikfs');
}

/**
 * Makes the directory of the store while that may still be done.
 * @returns where it is; undefined when nothing is to be kept on disk, or it can not be: openStore tells why
 */
export function prepareStore(keeping: Keeping): string | undefined {
  if (keeping.inMemory) return undefined;
  try {
    return openStoreFolder(storeFolder(keeping)).path;
  } catch {
    return undefined;
  }
}

/**
 * Opens the store. What its directory does not take goes to memory, with a warning.
 * @param onDamagedInUse called when what has been handed out turns out to be damaged
 * @throws IkfsError why the directory can not be used, when there is no store in memory either
 */
export function openStore(keeping: Keeping, onDamagedInUse: () => void): BlobStore {
  if (keeping.inMemory) return new MemoryStore(keeping.room);
  const folder = storeFolder(keeping);
  try {
    return new FallbackStore({
      openDisk: () => openDisk(folder, onDamagedInUse, keeping.mostBytes),
      openMemory: () => new MemoryStore(keeping.room),
      onTrouble: (error) => {
        if (error) log('warning', `${describeError(error)}; what is made is kept in memory only`);
        else log('info', `${folder}: takes what is made again`);
      },
    });
  } catch (thrown) {
    throw asIkfsError(thrown).within({ advice: 'Give a directory that can be written to with --cache-dir' });
  }
}

const damageText: Readonly<Record<DamageFound, string>> = {
  'when-opened': 'was damaged; what it held is made again',
  'when-read': 'was damaged; what it held is made again',
  gone: 'has been removed while it was in use; what it held is made again',
};

function openDisk(folder: string, onDamagedInUse: () => void, wanted: number | undefined): DiskStore {
  const mostBytes = wanted ?? usualBound(folder);
  return new DiskStore(
    folder,
    (path, when) => {
      log('warning', `${path}: ${damageText[when]}`);
      if (when !== 'when-opened') onDamagedInUse();
    },
    {
      mostBytes,
      onExceeded: (bytes) => {
        const sizes = `${formatSize(bytes)} in use at this time, more than ${formatSize(mostBytes)}`;
        log('warning', `${folder}: holds ${sizes} (--cache-size)`);
      },
    },
  );
}
