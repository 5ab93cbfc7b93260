import type { BlobKey, BlobStore, FillBlob } from '../artifact/blob-store.ts';
import type { Content } from '../artifact/content.ts';
import type { ScratchFile } from '../bytes/scratch.ts';
import { IkfsError, asIkfsError, describeError } from '../errors.ts';
import type { DiskStore, Refused } from './disk-store.ts';

/** What has to be free for decoded images to go to the disk, in bytes: most are smaller, and nobody knows before. */
const scratchRoom = 256 * 1024 * 1024;

/** What a blob's file and its folder take beyond its bytes, in bytes; generously. */
const besides = 64 * 1024;

/** What has to be free beyond what was not enough, in bytes. */
const moreRoom = 1024 * 1024;

/** What a FallbackStore stands on. */
export interface FallbackParts {
  /** Opens the store on disk; asked again with each blob for as long as it fails. @throws IkfsError */
  readonly openDisk: () => DiskStore;
  /** Opens the one in memory, once it is needed. @throws IkfsError where there can be none */
  readonly openMemory: () => BlobStore;
  /** Told why what is made now goes to memory; and with undefined, that it does so no longer. */
  readonly onTrouble: (error: IkfsError | undefined) => void;
}

/** What the disk has last refused. */
interface Trouble {
  readonly error: IkfsError;
  /** How much has to be free before a blob is tried there whose size is not known, in bytes. */
  readonly room: number;
  /** Where blobs go meanwhile. */
  readonly memory: BlobStore;
}

/**
 * Blobs on disk; in memory for as long as the disk takes none, because it is full, has become read-only, or the store's
 * folder can not be used. What is on the disk already is still found, and what is in memory stays there.
 */
export class FallbackStore implements BlobStore {
  readonly #parts: FallbackParts;
  #disk: DiskStore | undefined;
  #memory: BlobStore | undefined;
  #trouble: Trouble | undefined;

  /** @throws IkfsError why the disk can not be used, when there is no store in memory either */
  constructor(parts: FallbackParts) {
    this.#parts = parts;
    const disk = this.#openDisk();
    if (disk instanceof IkfsError) this.#fallBack(disk, 0);
  }

  get description(): string {
    return this.#disk?.description ?? 'memory';
  }

  get problem(): string | undefined {
    return this.#trouble && describeError(this.#trouble.error);
  }

  readonly scratch = (): ScratchFile => {
    if (this.#trouble) return this.#trouble.memory.scratch();
    const memory = this.#free() < scratchRoom ? this.#openMemory() : undefined;
    if (memory) return memory.scratch();
    try {
      const disk = this.#openDisk();
      if (disk instanceof IkfsError) throw disk;
      return disk.scratch();
    } catch (thrown) {
      return this.#fallBack(asIkfsError(thrown), 0).scratch();
    }
  };

  find(key: BlobKey, check?: 'now' | 'when-read'): Content | undefined {
    return this.#memory?.find(key) ?? this.#disk?.find(key, check);
  }

  read(key: BlobKey): Buffer | undefined {
    return this.#memory?.read(key) ?? this.#disk?.read(key);
  }

  async make(key: BlobKey, cap: number, fill: FillBlob): Promise<Content> {
    const trouble = this.#trouble;
    const free = trouble ? this.#free() : Infinity;
    if (trouble && free < Math.min(cap + besides, trouble.room))
      return await trouble.memory.make(key, cap, fill);
    const made = await this.#makeOnDisk(key, cap, fill);
    if ('refused' in made) {
      const wanted = made.refused.code === 'no-space' ? made.written + moreRoom : 0;
      return await this.#fallBack(made.refused, wanted).make(key, cap, fill);
    }
    // That a small blob fits says nothing of those that did not.
    if (trouble && free >= trouble.room) {
      this.#trouble = undefined;
      this.#parts.onTrouble(undefined);
    }
    return made;
  }

  close(): void {
    this.#memory?.close();
    this.#disk?.close();
  }

  async #makeOnDisk(key: BlobKey, cap: number, fill: FillBlob): Promise<Content | Refused> {
    const disk = this.#openDisk();
    return disk instanceof IkfsError ? { refused: disk, written: 0 } : await disk.tryMake(key, cap, fill);
  }

  /** @returns or why it can not be opened */
  #openDisk(): DiskStore | IkfsError {
    try {
      this.#disk ??= this.#parts.openDisk();
      return this.#disk;
    } catch (thrown) {
      return asIkfsError(thrown);
    }
  }

  #openMemory(): BlobStore | undefined {
    try {
      this.#memory ??= this.#parts.openMemory();
      return this.#memory;
    } catch {
      return undefined;
    }
  }

  /**
   * From now on blobs go to memory. @param room as Trouble has it
   * @throws IkfsError the one given, when there is no store in memory
   */
  #fallBack(error: IkfsError, room: number): BlobStore {
    const memory = this.#openMemory();
    if (!memory) throw error;
    const isNews = !this.#trouble;
    this.#trouble = { error, room, memory };
    if (isNews) this.#parts.onTrouble(error);
    return memory;
  }

  /** Bytes that the disk takes; no limit where that is not known, so that it is tried. */
  #free(): number {
    try {
      return this.#disk?.available() ?? Infinity;
    } catch {
      return Infinity;
    }
  }
}
