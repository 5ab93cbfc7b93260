import { readSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';
import { checkRange } from './byte-source.ts';
import type { ByteSource, FileRange } from './byte-source.ts';

/** Counts what is read from files; shown in status.json. */
export class ReadTally {
  files = 0;
  bytes = 0;
}

/**
 * Bytes of a file that somebody else opened and closes. Read with pread(2), so several users may share the
 * descriptor.
 */
export class DescriptorSource implements ByteSource {
  readonly name: string;
  readonly descriptor: number;
  readonly size: number;
  readonly #tally: ReadTally | undefined;

  constructor(name: string, descriptor: number, size: number, tally?: ReadTally) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = size;
    this.#tally = tally;
  }

  /** @throws IkfsError also `changed` when the file has become shorter, and `io`. */
  read(offset: number, length: number, memory?: Buffer): Buffer {
    checkRange(this.name, this.size, offset, length);
    const bytes = memory?.subarray(0, length) ?? Buffer.allocUnsafe(length);
    try {
      for (let done = 0; done < length;) {
        const count = readSync(this.descriptor, bytes, done, length - done, offset + done);
        if (count === 0) {
          throw new IkfsError('changed', 'became shorter while it was read', { offset: offset + done });
        }
        done += count;
      }
    } catch (error) {
      throw asIkfsError(error, { path: this.name });
    }
    this.countRead(length);
    return bytes;
  }

  countRead(bytes: number): void {
    if (this.#tally) this.#tally.bytes += bytes;
  }

  fileRange(): FileRange {
    return { descriptor: this.descriptor, offset: 0, length: this.size };
  }
}
