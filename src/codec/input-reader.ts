import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** Bytes fetched from the source at a time: few reads, and little read in vain behind a short stream. */
const chunkSize = 256 * 1024;

/**
 * Reads a source from front to back in chunks, for decoders that take one field or block after the other.
 * Every method throws IkfsError `truncated`, naming the field, when the source ends first.
 */
export class InputReader {
  readonly #source: ByteSource;
  #chunk: Buffer = Buffer.alloc(0);
  /** Offset of the next byte in `#chunk`. */
  #next = 0;
  /** Offset in the source of the byte behind `#chunk`. */
  #chunkEnd: number;

  constructor(source: ByteSource, start = 0) {
    this.#source = source;
    this.#chunkEnd = start;
  }

  /** Offset in the source of the next byte. */
  get position(): number {
    return this.#chunkEnd - this.#chunk.length + this.#next;
  }

  /** Bytes from the next one to the end of the source. */
  get remaining(): number {
    return this.#source.size - this.position;
  }

  /** The next `length` bytes; valid until the source's owner reuses them, and not to be written to. */
  bytes(length: number, field: string): Buffer {
    if (this.#chunk.length - this.#next < length) this.#fetch(length, field);
    const start = this.#next;
    this.#next += length;
    return this.#chunk.subarray(start, this.#next);
  }

  skip(length: number, field: string): void {
    if (length > this.remaining) throw this.#endsInside(field);
    const target = this.position + length;
    if (target <= this.#chunkEnd) {
      this.#next += length;
      return;
    }
    this.#chunk = Buffer.alloc(0);
    this.#next = 0;
    this.#chunkEnd = target;
  }

  u8(field: string): number {
    return this.bytes(1, field).readUInt8();
  }

  u16le(field: string): number {
    return this.bytes(2, field).readUInt16LE();
  }

  u24le(field: string): number {
    return this.bytes(3, field).readUIntLE(0, 3);
  }

  u32le(field: string): number {
    return this.bytes(4, field).readUInt32LE();
  }

  u16be(field: string): number {
    return this.bytes(2, field).readUInt16BE();
  }

  u32be(field: string): number {
    return this.bytes(4, field).readUInt32BE();
  }

  /** A `corrupt` error at the next byte, or at the offset given. */
  corrupt(message: string, offset = this.position): IkfsError {
    return new IkfsError('corrupt', message, { offset });
  }

  /** Replaces the chunk by one that begins at the next byte and holds `length` bytes or more. */
  #fetch(length: number, field: string): void {
    if (length > this.remaining) throw this.#endsInside(field);
    const start = this.position;
    this.#chunk = this.#source.read(start, Math.max(length, Math.min(chunkSize, this.remaining)));
    this.#chunkEnd = start + this.#chunk.length;
    this.#next = 0;
  }

  #endsInside(field: string): IkfsError {
    return new IkfsError('truncated', `ends inside ${field}`, { offset: this.#source.size });
  }
}
