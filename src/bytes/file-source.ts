import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';
import { checkRange } from './byte-source.ts';
import type { ByteSource, FileRange } from './byte-source.ts';
import { identityOf } from './file-identity.ts';
import type { FileIdentity } from './file-identity.ts';

/** Counts what is read from files; shown in status.json. */
export class ReadTally {
  files = 0;
  bytes = 0;
}

/** An open file. It is read with pread(2), so several users may share it. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly identity: FileIdentity;
  /** Last modification in milliseconds since the epoch. */
  readonly modified: number;
  /** The device that the file lies on, to tell files of our own mount. */
  readonly device: number;
  readonly descriptor: number;
  readonly #tally: ReadTally | undefined;
  #open = true;

  /**
   * @param size overrides the size that fstat(2) reports, for files of procfs that claim 0
   * @throws IkfsError `not-found`, `denied`, `wrong-kind` (not a regular file or block device), `io`
   */
  constructor(path: string, options: { tally?: ReadTally | undefined; name?: string } = {}) {
    this.name = options.name ?? path;
    this.#tally = options.tally;
    try {
      this.descriptor = openSync(path, 'r');
    } catch (error) {
      throw asIkfsError(error, { path: this.name });
    }
    const stats = fstatSync(this.descriptor, { bigint: true });
    if (!stats.isFile()) {
      closeSync(this.descriptor);
      throw new IkfsError('wrong-kind', 'is not a regular file', { path: this.name });
    }
    this.identity = identityOf(stats);
    this.size = this.identity.size;
    this.modified = Number(stats.mtimeMs);
    this.device = Number(stats.dev);
    if (this.#tally) this.#tally.files += 1;
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.name, this.size, offset, length);
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.descriptor, bytes, done, length - done, offset + done);
        if (count === 0) throw new IkfsError('changed', 'became shorter while it was read', { offset: offset + done });
        done += count;
      }
    } catch (error) {
      throw asIkfsError(error, { path: this.name });
    }
    if (this.#tally) this.#tally.bytes += length;
    return bytes;
  }

  /** Adds bytes to the tally that native code read through the descriptor. */
  countRead(bytes: number): void {
    if (this.#tally) this.#tally.bytes += bytes;
  }

  fileRange(): FileRange {
    return { descriptor: this.descriptor, offset: 0, length: this.size };
  }

  close(): void {
    if (this.#open) closeSync(this.descriptor);
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
