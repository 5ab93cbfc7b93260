import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** Bytes fetched from the source at a time. */
const chunkSize = 256 * 1024;

/** Reads a source bit by bit, the highest bit of each byte first. */
export class Bzip2Bits {
  readonly #source: ByteSource;
  #chunk: Buffer = Buffer.alloc(0);
  #next = 0;
  #chunkEnd = 0;
  /** The bits fetched and not yet taken, in the lowest `#count` bits; above them lies what was taken. */
  #bits = 0;
  #count = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Offset in the source behind the last byte of which a bit has been taken. */
  get position(): number {
    return this.#chunkEnd - this.#chunk.length + this.#next - (this.#count >> 3);
  }

  /** The next `count` bits, 0 to 24, as a number. @throws IkfsError `truncated` */
  read(count: number): number {
    if (this.#count < count) this.#fill();
    if (this.#count < count) throw this.#ended();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  read32(): number {
    return this.read(16) * 0x10000 + this.read(16);
  }

  /** The next `count` bits, 1 to 24, which are not taken; zeros stand for what lies behind the end. */
  peek(count: number): number {
    if (this.#count < count) this.#fill();
    const missing = count - this.#count;
    if (missing > 0) return (this.#bits << missing) & ((1 << count) - 1);
    return (this.#bits >>> -missing) & ((1 << count) - 1);
  }

  /** Takes bits that were peeked at. @throws IkfsError `truncated` */
  take(count: number): void {
    if (count > this.#count) throw this.#ended();
    this.#count -= count;
  }

  /** Fetches bytes until no more fit, which is at 25 bits or more, or until the source ends. */
  #fill(): void {
    while (this.#count <= 24) {
      if (this.#next === this.#chunk.length && !this.#fetch()) return;
      this.#bits = (this.#bits << 8) | (this.#chunk[this.#next] as number);
      this.#next += 1;
      this.#count += 8;
    }
  }

  #fetch(): boolean {
    const length = Math.min(chunkSize, this.#source.size - this.#chunkEnd);
    if (length === 0) return false;
    this.#chunk = this.#source.read(this.#chunkEnd, length);
    this.#chunkEnd += length;
    this.#next = 0;
    return true;
  }

  #ended(): IkfsError {
    return new IkfsError('truncated', 'ends inside a bzip2 block', { offset: this.#source.size });
  }
}
