import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import type { BlobKey, BlobStore, FillBlob } from '../artifact/blob-store.ts';
import type { Content, Seal } from '../artifact/content.ts';
import { FileSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { blobSums, checkBlob, readBlob, sealBlob } from './blob-file.ts';
import type { BlobSums } from './blob-file.ts';
import { blobPath, evict, markUsed, storedBlobs } from './eviction.ts';
import type { Evicted } from './eviction.ts';
import { Lease, Leases } from './leases.ts';
import { scratchFile } from './scratch-file.ts';
import { SizeBound } from './size-bound.ts';
import { openStoreFolder } from './store-folder.ts';
import type { StoreFolder } from './store-folder.ts';
import { UnfinishedFile } from './unfinished-file.ts';

/** When a blob was found to be damaged, before it was used or by somebody who read it; or that it was not there then. */
export type DamageFound = 'when-opened' | 'when-read' | 'gone';

/** How large a store may become. */
export interface StoreSize {
  readonly mostBytes: number;
  /** Told that the store holds so many bytes, more than it may, and all of them are in use. */
  readonly onExceeded: (bytes: number) => void;
}

/** That the file system did not take a blob, and how many bytes of it it had taken. */
export interface Refused {
  readonly refused: IkfsError;
  readonly written: number;
}

/** Blobs from this length on are waited for until they are on the disk, in bytes. */
const syncedSize = 1024 * 1024;

/**
 * Blobs as files in a directory of our own, which several processes share. A blob is written aside, sealed and
 * renamed, so it appears under its name only when it is whole. One that a crash has torn all the same fails its sums
 * and is made again. So a sync saves work and nothing else: what takes long to make is synced before it is renamed;
 * small blobs are not, as a sync takes longer than making one does, nor is the folder, whose loss costs one making.
 */
export class DiskStore implements BlobStore {
  readonly description: string;
  readonly problem = undefined;
  readonly scratch: Scratch;
  readonly #folder: StoreFolder;
  readonly #leases: Leases;
  /** Undefined while there is no room for one. */
  #lease: Lease | undefined;
  /** Blobs that this process has used. */
  readonly #known = new Map<BlobKey, Content>();
  /** Blobs that were found to be damaged, until they are whole again. */
  readonly #damaged = new Set<BlobKey>();
  readonly #onDamaged: (path: string, when: DamageFound) => void;
  readonly #bound: SizeBound | undefined;

  /**
   * @param folder made if it is not there, readable by its owner only
   * @param onDamaged told of each blob that has to be made again
   * @param size without it, the store may fill its file system
   * @throws IkfsError as openStoreFolder; a store that can not be written to can still be read
   */
  constructor(folder: string, onDamaged: (path: string, when: DamageFound) => void, size?: StoreSize) {
    this.#folder = openStoreFolder(folder);
    this.description = `disk: ${folder}`;
    this.#onDamaged = onDamaged;
    this.#leases = new Leases(this.#folder.leases);
    this.#leases.sweep();
    try {
      this.#lease = new Lease(this.#folder.leases);
    } catch {
      // Whoever makes something is told why.
    }
    this.#bound =
      size && new SizeBound(size.mostBytes, (above, to) => this.#shrink(above, to).left, size.onExceeded);
    this.scratch = () => {
      const file = this.#createUnfinished();
      file.unlink();
      return scratchFile(file.descriptor);
    };
  }

  find(key: BlobKey, check: 'now' | 'when-read' = 'now'): Content | undefined {
    const known = this.#known.get(key);
    if (known) return known;
    // Before it is opened: see eviction.ts.
    this.#lease?.note(key);
    const found = this.#open(key, 'when-opened', (file, sums) => {
      if (check === 'now' || this.#damaged.has(key)) checkBlob(file, sums);
      return this.#remember(key, sums);
    });
    return typeof found === 'string' ? undefined : found;
  }

  read(key: BlobKey): Buffer | undefined {
    const found = this.#open(key, 'when-opened', readBlob);
    return typeof found === 'string' ? undefined : found;
  }

  async make(key: BlobKey, cap: number, fill: FillBlob): Promise<Content> {
    const made = await this.tryMake(key, cap, fill);
    if ('refused' in made) throw made.refused;
    return made;
  }

  /** As make(), where it is no error that the file system does not take the blob. @throws what `fill` throws */
  async tryMake(key: BlobKey, cap: number, fill: FillBlob): Promise<Content | Refused> {
    let file: UnfinishedFile;
    try {
      file = this.#createUnfinished();
    } catch (error) {
      return { refused: asIkfsError(error), written: 0 };
    }
    const sink = new FileSink(file.descriptor, cap);
    const refused = (error: IkfsError): Refused => ({
      refused: error.within({ path: this.#folder.path, step: 'store' }),
      written: sink.written,
    });
    try {
      try {
        await fill(sink);
      } catch (thrown) {
        const error = asIkfsError(thrown, thrown instanceof IkfsError ? {} : { step: 'store' });
        // What fails for want of room fails as something else when another program was to write it.
        const refusal = error.code === 'no-space' ? error : file.refusal();
        if (refusal) return refused(refusal);
        throw error;
      }
      try {
        return await this.#keep(key, file, sink.written);
      } catch (error) {
        return refused(asIkfsError(error));
      }
    } finally {
      file.close();
    }
  }

  /** How many bytes the file system would still take. @throws IkfsError `io`, `not-found` */
  available(): number {
    try {
      const { bavail, bsize } = statfsSync(this.#folder.path);
      return bavail * bsize;
    } catch (error) {
      throw asIkfsError(error, { step: 'store' });
    }
  }

  /** Removes everything that neither this process nor another has in hand. @throws IkfsError when not all of it can be */
  clear(): Evicted {
    const evicted = this.#shrink(0, 0);
    if (evicted.refusal) throw evicted.refusal;
    return evicted;
  }

  close(): void {
    this.#known.clear();
    this.#lease?.close();
    this.#lease = undefined;
  }

  /**
   * What `use` makes of a blob's file.
   * @param when when that is, in case the blob is not whole or `use` finds it changed
   */
  #open<T extends object>(
    key: BlobKey,
    when: DamageFound,
    use: (file: ByteSource, sums: BlobSums) => T,
  ): T | 'none' | 'damaged' {
    const path = this.#pathOf(key);
    let descriptor: number;
    try {
      // Without O_NONBLOCK, a FIFO in its place would be waited for.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return 'none';
    }
    try {
      const { size, mtimeMs } = fstatSync(descriptor);
      const file = new DescriptorSource(path, descriptor, size);
      const sums = blobSums(file);
      if (sums) {
        const made = use(file, sums);
        this.#damaged.delete(key);
        markUsed(descriptor, mtimeMs);
        return made;
      }
    } catch (thrown) {
      // What can not be read is no better than what is wrong.
      const isDamage = thrown instanceof IkfsError && (thrown.code === 'changed' || thrown.code === 'io');
      if (!isDamage) throw thrown;
    } finally {
      closeSync(descriptor);
    }
    this.#distrust(key, when);
    return 'damaged';
  }

  async #keep(key: BlobKey, file: UnfinishedFile, size: number): Promise<Content> {
    const sums = sealBlob(file.descriptor, new DescriptorSource(file.path, file.descriptor, size));
    if (size >= syncedSize) await file.sync();
    this.#lease?.note(key);
    file.moveTo(this.#pathOf(key));
    this.#damaged.delete(key);
    const content = this.#remember(key, sums);
    this.#bound?.add(size);
    return content;
  }

  #remember(key: BlobKey, { size, sums }: BlobSums): Content {
    let isDamaged = false;
    const seal: Seal = {
      size,
      sums,
      get isDamaged() {
        return isDamaged;
      },
      reportDamage: () => {
        if (isDamaged) return;
        const now = this.#open(key, 'when-read', (file, its) => {
          checkBlob(file, its);
          return its;
        });
        // Who reads in another process may have been first, and it has been made again already.
        if (typeof now === 'object' && now.sums.equals(sums)) return;
        isDamaged = true;
        if (now === 'damaged') return;
        this.#distrust(key, 'gone');
      },
    };
    const content: Content = { kind: 'blob', key, path: this.#pathOf(key), offset: 0, size, seal };
    this.#known.set(key, content);
    return content;
  }

  /**
   * A blob is not handed out any more. Its file stays until a whole one takes its place: meanwhile, whoever has it in
   * hand, here or in another process, can read the rest of it.
   */
  #distrust(key: BlobKey, when: DamageFound): void {
    this.#known.delete(key);
    if (this.#damaged.has(key)) return;
    this.#damaged.add(key);
    this.#onDamaged(this.#pathOf(key), when);
  }

  #shrink(above: number, to: number): Evicted {
    const blobs = storedBlobs(this.#folder.blobs);
    const left = blobs.reduce((sum, { size }) => sum + size, 0);
    if (left <= above) return { count: 0, bytes: 0, left, refusal: undefined };
    this.#leases.sweep();
    const inUse = (key: BlobKey): boolean => this.#known.has(key) || this.#leases.holds(key);
    return evict(blobs, to, this.#lease?.folder ?? this.#folder.leases, inUse);
  }

  #pathOf(key: BlobKey): string {
    return blobPath(this.#folder.blobs, key);
  }

  /** @throws IkfsError when the file system takes nothing */
  #createUnfinished(): UnfinishedFile {
    try {
      if (this.#lease) return new UnfinishedFile(this.#lease.folder);
    } catch (thrown) {
      const error = asIkfsError(thrown, { path: this.#folder.path, step: 'store' });
      if (error.code !== 'not-found') throw error;
    }
    // There was no room for a lease, or somebody has removed the store.
    try {
      openStoreFolder(this.#folder.path);
      this.#lease = new Lease(this.#folder.leases);
      for (const key of this.#known.keys()) this.#lease.note(key);
      return new UnfinishedFile(this.#lease.folder);
    } catch (error) {
      throw asIkfsError(error, { path: this.#folder.path, step: 'store' });
    }
  }
}
