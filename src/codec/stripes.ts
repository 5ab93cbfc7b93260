/** Takes the bytes of a view from `start` up to `end`, a whole number of stripes. */
export type TakeStripes = (view: DataView, start: number, end: number) => void;

/** Cuts bytes that come in pieces into whole stripes, as both of xxHash's functions take them, and keeps the rest. */
export class Stripes {
  readonly #size: number;
  readonly #take: TakeStripes;
  readonly #bytes: Uint8Array;
  /** Bytes that do not yet fill a stripe, of which the first `restLength` count. */
  readonly rest: DataView;
  #restLength = 0;
  #total = 0;

  /** @param size of a stripe, in bytes */
  constructor(size: number, take: TakeStripes) {
    this.#size = size;
    this.#take = take;
    this.#bytes = new Uint8Array(size);
    this.rest = new DataView(this.#bytes.buffer);
  }

  get restLength(): number {
    return this.#restLength;
  }

  /** Bytes so far. */
  get total(): number {
    return this.#total;
  }

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(this.#size - this.#restLength, bytes.length);
      this.#bytes.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < this.#size) return;
      this.#take(this.rest, 0, this.#size);
    }
    const whole = bytes.length - ((bytes.length - at) % this.#size);
    this.#take(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at, whole);
    this.#bytes.set(bytes.subarray(whole));
    this.#restLength = bytes.length - whole;
  }
}
