/** Bytes handed on at a time. */
const bufferSize = 64 * 1024;

/** Equal bytes in a row behind which a count of more of them follows. */
const runLength = 4;

/** CRC-32 with the polynomial 0x04c11db7, highest bit first, as bzip2 uses it (crctable.c). */
const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value >>> 0;
});

/** Undoes the transform and the run lengths of blocks, and hands their bytes on. */
export class Bzip2Output {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #buffer = new Uint8Array(bufferSize);
  #written = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Bytes handed on. */
  get written(): number {
    return this.#written;
  }

  /**
   * Writes a block.
   * @param block the transformed bytes, one an element; used as scratch space
   * @param origin the row of the sorted matrix that is the block itself; less than `length`
   * @returns the checksum of what was written
   */
  writeBlock(block: Uint32Array, length: number, origin: number): number {
    linkRows(block, length);
    const buffer = this.#buffer;
    let filled = 0;
    let checksum = -1;
    let row = (block[origin] as number) >>> 8;
    let previous = -1;
    let equal = 0;
    for (let left = length; left > 0; left -= 1) {
      const entry = block[row] as number;
      row = entry >>> 8;
      let byte = entry & 0xff;
      let count = 1;
      if (equal === runLength) {
        count = byte;
        byte = previous;
        equal = 0;
        previous = -1;
      } else if (byte === previous) {
        equal += 1;
      } else {
        equal = 1;
        previous = byte;
      }
      for (; count > 0; count -= 1) {
        if (filled === bufferSize) {
          this.#flush(filled);
          filled = 0;
        }
        buffer[filled++] = byte;
        checksum = (checksum << 8) ^ (crcTable[(checksum >>> 24) ^ byte] as number);
      }
    }
    this.#flush(filled);
    return ~checksum >>> 0;
  }

  #flush(filled: number): void {
    if (filled === 0) return;
    this.#write(this.#buffer.subarray(0, filled));
    this.#written += filled;
  }
}

/**
 * Undoes the Burrows-Wheeler transform up to following its links: puts into the upper 24 bits of each element
 * the row that comes after it. Sorting the bytes, keeping the order of equal ones, gives those rows.
 */
function linkRows(block: Uint32Array, length: number): void {
  const starts = new Uint32Array(257);
  for (let row = 0; row < length; row += 1) {
    const after = ((block[row] as number) & 0xff) + 1;
    starts[after] = (starts[after] as number) + 1;
  }
  for (let byte = 1; byte < 257; byte += 1)
    starts[byte] = (starts[byte] as number) + (starts[byte - 1] as number);
  for (let row = 0; row < length; row += 1) {
    const byte = (block[row] as number) & 0xff;
    const place = starts[byte] as number;
    starts[byte] = place + 1;
    block[place] = (block[place] as number) | (row << 8);
  }
}
