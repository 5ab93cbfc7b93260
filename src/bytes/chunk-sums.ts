import { crc32 } from 'node:zlib';
import { IkfsError } from '../errors.ts';
import { checkRange } from './byte-source.ts';
import type { ByteSource } from './byte-source.ts';

/** How many bytes each sum is of, the last one apart; native/fuse/blob.cc has the same number. */
const chunkSize = 4096;

/** Bytes in a sum: CRC-32 as gzip has it (RFC 1952), lowest byte first. */
const sumSize = 4;

/** Length of the sums of so many bytes, in bytes. */
export function sumsLength(size: number): number {
  return Math.ceil(size / chunkSize) * sumSize;
}

/** The sums of a source's bytes, one after the other. @throws what reading throws */
export function sumChunks(source: ByteSource): Buffer {
  const sums = Buffer.alloc(sumsLength(source.size));
  const atOnce = 256 * chunkSize;
  for (let start = 0; start < source.size; start += atOnce) {
    const bytes = source.read(start, Math.min(atOnce, source.size - start));
    for (let at = 0; at < bytes.length; at += chunkSize) {
      const sum = crc32(bytes.subarray(at, at + chunkSize));
      sums.writeUInt32LE(sum, ((start + at) / chunkSize) * sumSize);
    }
  }
  return sums;
}

/** Bytes that are compared with their sums whenever they are read. */
export class SummedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Pick<ByteSource, 'read' | 'countRead'>;
  readonly #sums: Buffer;

  /**
   * @param bytes what was summed up, from its first byte
   * @param size how many bytes were
   * @param sums as sumChunks gives them
   */
  constructor(name: string, bytes: Pick<ByteSource, 'read' | 'countRead'>, size: number, sums: Buffer) {
    this.name = name;
    this.#bytes = bytes;
    this.size = size;
    this.#sums = sums;
  }

  /** @throws IkfsError also `changed` when the bytes are not those that were summed up */
  read(offset: number, length: number): Buffer {
    checkRange(this.name, this.size, offset, length);
    const start = Math.floor(offset / chunkSize) * chunkSize;
    const end = Math.min(Math.ceil((offset + length) / chunkSize) * chunkSize, this.size);
    const bytes = this.#bytes.read(start, end - start);
    for (let at = 0; at < bytes.length; at += chunkSize) {
      const sum = crc32(bytes.subarray(at, at + chunkSize));
      if (sum !== this.#sums.readUInt32LE(((start + at) / chunkSize) * sumSize)) {
        throw new IkfsError('changed', 'holds other bytes than were written', {
          path: this.name,
          offset: start + at,
        });
      }
    }
    return bytes.subarray(offset - start, offset - start + length);
  }

  /** Whoever reads the file itself would not compare. */
  fileRange(): undefined {
    return undefined;
  }

  countRead(bytes: number): void {
    this.#bytes.countRead(bytes);
  }
}
