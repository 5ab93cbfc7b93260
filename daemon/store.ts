import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { BlobStore } from '../src/artifact/blob-store.ts';
import { asIkfsError, describeError } from '../src/errors.ts';
import { DiskStore } from '../src/store/disk-store.ts';
import { MemoryStore } from '../src/store/memory-store.ts';
import { log } from './log.ts';

/** Where what was made is kept unless --cache-dir says otherwise (XDG Base Directory Specification). */
function defaultFolder(): string {
  if (process.geteuid?.() === 0) return '/var/cache/ikfs';
  const cache = process.env['XDG_CACHE_HOME'];
  // The specification asks to ignore a relative path.
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'ikfs');
}

/**
 * Opens the store; in memory, with a warning, when its directory can not be written to.
 * @param onDamagedInUse called when what has been handed out turns out to be damaged
 * @throws IkfsError why the directory can not be used, when there is no store in memory either
 */
export function openStore(cacheDirectory: string | undefined, onDamagedInUse: () => void): BlobStore {
  try {
    return new DiskStore(resolve(cacheDirectory ?? defaultFolder()), (path, when) => {
      log('warning', `${path}: was damaged; what it held is made again`);
      if (when === 'when-read') onDamagedInUse();
    });
  } catch (thrown) {
    const error = asIkfsError(thrown);
    let memory: MemoryStore;
    try {
      memory = new MemoryStore();
    } catch {
      throw error.within({ advice: 'Give a directory that can be written to with --cache-dir' });
    }
    log('warning', `${describeError(error)}; what is made is kept in memory only`);
    return memory;
  }
}
