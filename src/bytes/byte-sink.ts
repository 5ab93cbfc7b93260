import { writeSync } from 'node:fs';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { MemoryRoom } from './memory-room.ts';

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
  readonly #cap: number;
  readonly #room: MemoryRoom | undefined;
  #written = 0;

  /** @param room where the file is in memory: what it is counted in */
  constructor(descriptor: number, cap: number, room?: MemoryRoom) {
    this.descriptor = descriptor;
    this.#cap = cap;
    this.#room = room;
  }

  get cap(): number {
    return this.#room ? Math.min(this.#cap, this.#written + this.#room.left) : this.#cap;
  }

  get written(): number {
    return this.#written;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > this.cap - this.#written) {
      throw this.cap < this.#cap && this.#room ? this.#room.exhausted() : overCap(this.cap);
    }
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, this.#written + done);
      }
    } catch (error) {
      throw asIkfsError(error, { step: 'writing decoded bytes' });
    }
    this.advance(bytes.length);
  }

  /**
   * Has native code or another thread write to the descriptor, up to the cap: to files in memory that share their room, one
   * at a time. Whoever does so must not wait for another.
   * @param write calls advance() at its end
   * @throws IkfsError `no-memory` in place of `limit` where it is the room that was not enough
   */
  async filledBy<T>(write: () => Promise<T>): Promise<T> {
    const room = this.#room;
    if (room === undefined) return await write();
    return await room.alone(async () => {
      const isShort = this.cap < this.#cap;
      try {
        return await write();
      } catch (thrown) {
        throw isShort && asIkfsError(thrown).code === 'limit' ? room.exhausted() : thrown;
      }
    });
  }

  /** Takes note of bytes that native code wrote itself. */
  advance(count: number): void {
    this.#written += count;
    this.#room?.take(count);
  }
}
