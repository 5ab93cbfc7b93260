import type { BitView } from './zstd-bits.ts';
import { decodeHuffmanStream, readHuffmanTable } from './zstd-huffman.ts';
import type { Fail, HuffmanTable } from './zstd-huffman.ts';
import { largestZstdBlock } from './zstd-frame.ts';

/** The literals of the current block, and the code that a later block may use again. */
export class ZstdLiterals {
  readonly bytes = new Uint8Array(largestZstdBlock);
  /** How many of `bytes` the current block has. */
  length = 0;
  #table: HuffmanTable | undefined;

  /**
   * Reads the literals section of a compressed block (RFC 8878 section 3.1.1.3.1).
   * @param start offset of the section in `block`, which `view` shows
   * @param end offset behind the block
   * @returns the offset behind the section
   */
  read(block: Uint8Array, view: BitView, start: number, end: number, fail: Fail): number {
    const first = block[start] as number;
    const sizeFormat = (first >> 2) & 0x03;
    return (first & 0x02) === 0
      ? this.#readPlain(block, view, start, end, sizeFormat, fail)
      : this.#readCoded(block, view, start, end, sizeFormat, fail);
  }

  /** Types 0 (as they are) and 1 (one byte repeated). */
  #readPlain(
    block: Uint8Array,
    view: BitView,
    start: number,
    end: number,
    sizeFormat: number,
    fail: Fail,
  ): number {
    const header = view.getUint32(start, true);
    const [headerLength, size] =
      sizeFormat === 1
        ? [2, (header >>> 4) & 0xfff]
        : sizeFormat === 3
          ? [3, (header >>> 4) & 0xfffff]
          : [1, (header & 0xff) >>> 3];
    const dataStart = start + headerLength;
    const repeated = (header & 0x01) === 1;
    const dataEnd = dataStart + (repeated ? 1 : size);
    if (dataEnd > end) fail('zstd literals leave their block');
    this.#setLength(size, fail);
    if (repeated) this.bytes.fill(block[dataStart] as number, 0, size);
    else this.bytes.set(block.subarray(dataStart, dataEnd));
    return dataEnd;
  }

  /** Types 2 (Huffman-coded, with the code's description) and 3 (with the code of an earlier block). */
  #readCoded(
    block: Uint8Array,
    view: BitView,
    start: number,
    end: number,
    sizeFormat: number,
    fail: Fail,
  ): number {
    const header = view.getUint32(start, true);
    const sizeBits = [10, 10, 14, 18][sizeFormat] as number;
    const headerLength = [3, 3, 4, 5][sizeFormat] as number;
    const mask = (1 << sizeBits) - 1;
    const size = (header >>> 4) & mask;
    // The field may go on in a fifth byte.
    const codedSize =
      ((header >>> (4 + sizeBits)) | ((block[start + 4] as number) << (28 - sizeBits))) & mask;
    let at = start + headerLength;
    const dataEnd = at + codedSize;
    if (dataEnd > end || codedSize === 0) fail('zstd literals leave their block');
    this.#setLength(size, fail);
    if ((header & 0x01) === 0) {
      const description = readHuffmanTable(block, view, at, dataEnd, fail);
      this.#table = description.table;
      at = description.end;
    }
    const table = this.#table ?? fail('zstd literals use a code that was not given');
    if (sizeFormat === 0) {
      decodeHuffmanStream(block, view, at, dataEnd, table, this.bytes, 0, size, fail);
      return dataEnd;
    }
    // Four streams; a table gives the lengths of the first three.
    if (dataEnd - at < 6) fail('zstd literals have no jump table');
    const part = (size + 3) >> 2;
    if (3 * part > size) fail('zstd literals are too few for four streams');
    let streamStart = at + 6;
    for (let stream = 0; stream < 4; stream += 1) {
      const streamEnd = stream < 3 ? streamStart + view.getUint16(at + 2 * stream, true) : dataEnd;
      if (streamEnd > dataEnd) fail('zstd literals leave their block');
      const to = stream < 3 ? (stream + 1) * part : size;
      decodeHuffmanStream(block, view, streamStart, streamEnd, table, this.bytes, stream * part, to, fail);
      streamStart = streamEnd;
    }
    return dataEnd;
  }

  #setLength(size: number, fail: Fail): void {
    if (size > this.bytes.length) fail('zstd literals are more than 128 KiB');
    this.length = size;
  }
}
