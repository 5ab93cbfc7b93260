import { writeSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';

/** Where decoded bytes go, in order. */
export interface ByteSink {
  /** Bytes taken so far. */
  readonly written: number;
  /** @throws IkfsError `limit` when more comes than the sink's cap allows; `no-space`, `io`. */
  write(bytes: Uint8Array): void;
  /** The file that the bytes go to (from its offset 0), so that native code can write there itself. */
  readonly descriptor: number | undefined;
  /** How many bytes the sink takes at the most. */
  readonly cap: number;
}

function overCap(cap: number): IkfsError {
  return new IkfsError('limit', `expands to more than the ${cap} bytes allowed`, {
    advice: 'The file may be a decompression bomb',
  });
}

/** Collects decoded bytes in memory; for modules and configurations, not for images. */
export class MemorySink implements ByteSink {
  readonly descriptor = undefined;
  readonly cap: number;
  readonly #chunks: Buffer[] = [];
  #written = 0;

  constructor(cap: number) {
    this.cap = cap;
  }

  get written(): number {
    return this.#written;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > this.cap - this.#written) throw overCap(this.cap);
    this.#chunks.push(Buffer.from(bytes));
    this.#written += bytes.length;
  }

  /** Everything written, as one buffer. */
  take(): Buffer {
    return this.#chunks.length === 1
      ? (this.#chunks[0] as Buffer)
      : Buffer.concat(this.#chunks, this.#written);
  }
}

/** Writes decoded bytes to an open file from its offset 0; the caller keeps the descriptor. */
export class FileSink implements ByteSink {
  readonly descriptor: number;
  readonly cap: number;
  #written = 0;

  constructor(descriptor: number, cap: number) {
    this.descriptor = descriptor;
    this.cap = cap;
  }

  get written(): number {
    return this.#written;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > this.cap - this.#written) throw overCap(this.cap);
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, this.#written + done);
      }
    } catch (error) {
      throw asIkfsError(error, { step: 'writing decoded bytes' });
    }
    this.#written += bytes.length;
  }

  /** Takes note of bytes that native code wrote itself. */
  advance(count: number): void {
    this.#written += count;
  }
}
