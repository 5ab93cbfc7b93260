import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BlobKey, BlobStore } from '../artifact/blob-store.ts';
import type { Content, Seal } from '../artifact/content.ts';
import { FileSink } from '../bytes/byte-sink.ts';
import { DescriptorSource } from '../bytes/descriptor-source.ts';
import { FileSource } from '../bytes/file-source.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { blobSums, checkBlob, readBlob, sealBlob } from './blob-file.ts';
import type { BlobSums } from './blob-file.ts';
import { scratchFile } from './scratch-file.ts';

/** When a blob was found to be damaged: before it was used, or by somebody who read it. */
export type DamageFound = 'when-opened' | 'when-read';

/**
 * Blobs as files in a directory of our own. A blob is written aside, sealed and renamed, so it appears under
 * its name only when it is whole. One that a crash has torn all the same fails its sums and is made again;
 * that is why nothing waits for fsync(2) here.
 */
export class DiskStore implements BlobStore {
  readonly description: string;
  readonly scratch: Scratch;
  readonly #blobs: string;
  readonly #unfinished: string;
  /** Blobs that this process has used. */
  readonly #known = new Map<BlobKey, Content>();
  readonly #onDamaged: (path: string, when: DamageFound) => void;

  /**
   * @param folder made if it is not there, readable by its owner only
   * @param onDamaged told of each blob that was dropped
   * @throws IkfsError `denied`, `io`, `no-space` when it can not be written to
   */
  constructor(folder: string, onDamaged: (path: string, when: DamageFound) => void) {
    this.description = `disk: ${folder}`;
    this.#onDamaged = onDamaged;
    this.#blobs = join(folder, 'blobs');
    this.#unfinished = join(folder, 'unfinished');
    try {
      for (const path of [this.#blobs, this.#unfinished]) mkdirSync(path, { recursive: true, mode: 0o700 });
      for (const path of [folder, this.#blobs, this.#unfinished]) checkOwner(path);
    } catch (error) {
      throw asIkfsError(error, { path: folder, step: 'store' });
    }
    this.scratch = () => {
      const { path, descriptor } = this.#createUnfinished();
      unlinkSync(path);
      return scratchFile(descriptor);
    };
    this.scratch().close();
  }

  find(key: BlobKey, check: 'now' | 'when-read' = 'now'): Content | undefined {
    const known = this.#known.get(key);
    if (known) return known;
    return this.#open(key, (file, sums) => {
      if (check === 'now') checkBlob(file, sums);
      return this.#remember(key, sums);
    });
  }

  read(key: BlobKey): Buffer | undefined {
    return this.#open(key, readBlob);
  }

  /** What `use` makes of a blob's file; the blob is dropped when it is not whole, or `use` finds it changed. */
  #open<T>(key: BlobKey, use: (file: FileSource, sums: BlobSums) => T): T | undefined {
    let file: FileSource;
    try {
      file = FileSource.open(this.#pathOf(key));
    } catch {
      return undefined;
    }
    try {
      const sums = blobSums(file);
      if (sums) return use(file, sums);
    } catch (thrown) {
      if (asIkfsError(thrown).code !== 'changed') throw thrown;
    } finally {
      file.close();
    }
    this.#drop(key, 'when-opened');
    return undefined;
  }

  async make(key: BlobKey, cap: number, fill: (sink: FileSink) => void | Promise<void>): Promise<Content> {
    const { path, descriptor } = this.#createUnfinished();
    try {
      const sink = new FileSink(descriptor, cap);
      await fill(sink);
      const sums = sealBlob(descriptor, new DescriptorSource(path, descriptor, sink.written));
      const target = this.#pathOf(key);
      mkdirSync(join(target, '..'), { recursive: true, mode: 0o700 });
      renameSync(path, target);
      return this.#remember(key, sums);
    } catch (error) {
      unlinkSync(path);
      throw asIkfsError(error, { step: 'store' });
    } finally {
      closeSync(descriptor);
    }
  }

  close(): void {
    this.#known.clear();
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
        // Whoever still reads the old file finds this again, when there is a new one already.
        if (!isDamaged) this.#drop(key, 'when-read');
        isDamaged = true;
      },
    };
    const content: Content = { kind: 'blob', key, path: this.#pathOf(key), offset: 0, size, seal };
    this.#known.set(key, content);
    return content;
  }

  #drop(key: BlobKey, when: DamageFound): void {
    const path = this.#pathOf(key);
    this.#known.delete(key);
    rmSync(path, { force: true });
    this.#onDamaged(path, when);
  }

  #pathOf(key: BlobKey): string {
    return join(this.#blobs, key.slice(0, 2), key.slice(2));
  }

  #createUnfinished(): { path: string; descriptor: number } {
    const path = join(this.#unfinished, randomBytes(12).toString('hex'));
    try {
      return {
        path,
        descriptor: openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600),
      };
    } catch (error) {
      throw asIkfsError(error, { path, step: 'store' });
    }
  }
}

/** What is in the store is served as root's: a directory that others may write to is refused. */
function checkOwner(path: string): void {
  const { uid, mode } = statSync(path);
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
  throw new IkfsError('denied', 'belongs to another user, or others may write to it', {
    path,
    advice: 'Name another directory with --cache-dir',
  });
}
