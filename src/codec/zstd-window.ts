/** Memory to begin with; most modules need little more. */
const firstCapacity = 512 * 1024;

/**
 * What has been decoded lately: at least the frame's window, in memory that grows with the output and then
 * slides.
 */
export class ZstdWindow {
  readonly #size: number;
  /** The bytes kept, oldest first; the memory behind `end` is free. */
  bytes = new Uint8Array(firstCapacity);
  /** Offset in `bytes` behind the newest byte. */
  end = 0;

  /** @param size the frame's window size in bytes */
  constructor(size: number) {
    this.#size = size;
  }

  /** Makes room for `count` bytes behind `end`. */
  reserve(count: number): void {
    if (this.bytes.length - this.end >= count) return;
    // Half a window more than needed, so that each byte is moved twice at the most.
    const enough = this.#size + Math.max(this.#size >> 1, firstCapacity) + count;
    if (this.bytes.length < enough) {
      const grown = new Uint8Array(Math.min(enough, Math.max(this.bytes.length * 2, this.end + count)));
      grown.set(this.bytes.subarray(0, this.end));
      this.bytes = grown;
      return;
    }
    this.bytes.copyWithin(0, this.end - this.#size, this.end);
    this.end = this.#size;
  }
}
