import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BlobKey, BlobStore } from '../artifact/blob-store.ts';
import type { Content } from '../artifact/content.ts';
import { FileSink } from '../bytes/byte-sink.ts';
import type { Scratch } from '../bytes/scratch.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { seal, verifySeal } from './blob-file.ts';
import { scratchFile } from './scratch-file.ts';

/**
 * Blobs as files in a directory of our own. A blob is written aside, sealed and renamed, so it appears under
 * its name only when it is whole. One that a crash has torn all the same fails its seal and is made again;
 * that is why nothing waits for fsync(2) here.
 */
export class DiskStore implements BlobStore {
  readonly description: string;
  readonly scratch: Scratch;
  readonly #blobs: string;
  readonly #unfinished: string;
  /** Blobs whose seal has been checked by this process. */
  readonly #verified = new Map<BlobKey, Content>();
  readonly #onDamaged: (path: string) => void;

  /**
   * @param folder made if it is not there, readable by its owner only
   * @param onDamaged told of each blob that was thrown away
   * @throws IkfsError `denied`, `io`, `no-space` when it can not be written to
   */
  constructor(folder: string, onDamaged: (path: string) => void) {
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

  find(key: BlobKey): Content | undefined {
    const known = this.#verified.get(key);
    if (known) return known;
    const path = this.#pathOf(key);
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r');
    } catch {
      return undefined;
    }
    try {
      const size = verifySeal(descriptor, fstatSync(descriptor).size);
      if (size === undefined) {
        this.#onDamaged(path);
        unlinkSync(path);
        return undefined;
      }
      return this.#remember(key, size);
    } finally {
      closeSync(descriptor);
    }
  }

  async make(key: BlobKey, cap: number, fill: (sink: FileSink) => void | Promise<void>): Promise<Content> {
    const { path, descriptor } = this.#createUnfinished();
    try {
      const sink = new FileSink(descriptor, cap);
      await fill(sink);
      seal(descriptor, sink.written);
      const target = this.#pathOf(key);
      mkdirSync(join(target, '..'), { recursive: true, mode: 0o700 });
      renameSync(path, target);
      return this.#remember(key, sink.written);
    } catch (error) {
      unlinkSync(path);
      throw asIkfsError(error, { step: 'store' });
    } finally {
      closeSync(descriptor);
    }
  }

  close(): void {
    this.#verified.clear();
  }

  #remember(key: BlobKey, size: number): Content {
    const content: Content = { kind: 'file', path: this.#pathOf(key), offset: 0, size, identity: undefined };
    this.#verified.set(key, content);
    return content;
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
