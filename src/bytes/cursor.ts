import { IkfsError } from '../errors.ts';

/**
 * Reads the fields of a header one by one, bounds-checked, in one byte order. Errors name the field and its
 * offset in the source that the bytes came from.
 */
export class Cursor {
  readonly #bytes: Buffer;
  readonly #littleEndian: boolean;
  readonly #base: number;
  #position = 0;

  /** @param base offset of `bytes` in the source they came from; only used in messages. */
  constructor(bytes: Buffer, order: 'little' | 'big', base = 0) {
    this.#bytes = bytes;
    this.#littleEndian = order === 'little';
    this.#base = base;
  }

  /** Offset of the next field within the bytes given. */
  get position(): number {
    return this.#position;
  }

  seek(position: number): this {
    this.#position = position;
    return this;
  }

  skip(count: number): this {
    this.#position += count;
    return this;
  }

  u8(field: string): number {
    return this.#bytes.readUInt8(this.#take(1, field));
  }

  u16(field: string): number {
    const at = this.#take(2, field);
    return this.#littleEndian ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at);
  }

  u32(field: string): number {
    const at = this.#take(4, field);
    return this.#littleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  /** @throws IkfsError `corrupt` for a value that no offset or size can have (2^53 and above). */
  u64(field: string): number {
    const at = this.#take(8, field);
    const value = this.#littleEndian ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigUInt64BE(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new IkfsError('corrupt', `${field} is impossibly large (0x${value.toString(16)})`, {
        offset: this.#base + at,
      });
    }
    return Number(value);
  }

  /** All 64 bits, for kernel addresses: those lie above what a number holds exactly. */
  address64(field: string): bigint {
    const at = this.#take(8, field);
    return this.#littleEndian ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigUInt64BE(at);
  }

  bytes(length: number, field: string): Buffer {
    const at = this.#take(length, field);
    return this.#bytes.subarray(at, at + length);
  }

  #take(length: number, field: string): number {
    const at = this.#position;
    if (at < 0 || length < 0 || at > this.#bytes.length - length) {
      throw new IkfsError('truncated', `ends inside ${field}`, { offset: this.#base + at });
    }
    this.#position = at + length;
    return at;
  }
}
