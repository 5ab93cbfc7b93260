import { crc32 } from 'node:zlib';
import { writeSync } from 'node:fs';
import type { ByteSource } from '../bytes/byte-source.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import { SummedSource, sumChunks, sumsLength } from '../bytes/chunk-sums.ts';

/*
 * A blob on disk: its bytes, then sums by which a torn, truncated or altered file is known. All numbers are
 * little-endian.
 *
 *   the bytes
 *   u32 for each 4 KiB of them   CRC-32 (RFC 1952)
 *   8 bytes                      "IKFSBLB2"
 *   u64                          length of the bytes
 *   u32                          CRC-32 of the sums and of the 16 bytes before this one
 *   u32                          0
 */
const magic = Buffer.from('IKFSBLB2', 'latin1');
const trailerSize = magic.length + 8 + 4 + 4;

/** What a blob's file says of its bytes. */
export interface BlobSums {
  /** Length of the bytes. */
  readonly size: number;
  /** As bytes/chunk-sums.ts has them. */
  readonly sums: Buffer;
}

/** Appends the sums behind the bytes that were written. @param bytes all of them */
export function sealBlob(descriptor: number, bytes: ByteSource): BlobSums {
  const sums = sumChunks(bytes);
  const trailer = Buffer.alloc(trailerSize);
  magic.copy(trailer);
  trailer.writeBigUInt64LE(BigInt(bytes.size), magic.length);
  trailer.writeUInt32LE(crc32(trailer.subarray(0, magic.length + 8), crc32(sums)), magic.length + 8);
  const tail = Buffer.concat([sums, trailer]);
  for (let done = 0; done < tail.length;) {
    done += writeSync(descriptor, tail, done, tail.length - done, bytes.size + done);
  }
  return { size: bytes.size, sums };
}

/** So much of a file's end is read at once, in bytes: in most blobs, which are below 4 MB, the sums are in it. */
const tailSize = 4096;

/** The sums of a blob's file, or undefined when they are not whole. The bytes themselves are not looked at. */
export function blobSums(file: ByteSource): BlobSums | undefined {
  if (file.size < trailerSize) return undefined;
  const tail = file.read(Math.max(0, file.size - tailSize), Math.min(tailSize, file.size));
  const trailer = tail.subarray(tail.length - trailerSize);
  const size = Number(trailer.readBigUInt64LE(magic.length));
  if (!trailer.subarray(0, magic.length).equals(magic)) return undefined;
  const length = sumsLength(size);
  if (!Number.isSafeInteger(size) || size + length + trailerSize !== file.size) return undefined;
  const inTail = tail.length - trailerSize - length;
  const sums = Buffer.from(inTail < 0 ? file.read(size, length) : tail.subarray(inTail, inTail + length));
  const sum = crc32(trailer.subarray(0, magic.length + 8), crc32(sums));
  if (trailer.readUInt32LE(magic.length + 8) !== sum || trailer.readUInt32LE(trailerSize - 4) !== 0)
    return undefined;
  return { size, sums };
}

/** The bytes of a blob. @throws IkfsError `changed` when they are not those that were written */
export function readBlob(file: ByteSource, sums: BlobSums): Buffer {
  return summed(file, sums).read(0, sums.size);
}

/** Looks at all bytes of a blob. @throws IkfsError `changed` when they are not those that were written */
export function checkBlob(file: ByteSource, sums: BlobSums): void {
  const checked = summed(file, sums);
  const atOnce = 1024 * 1024;
  for (let at = 0; at < sums.size; at += atOnce) checked.read(at, Math.min(atOnce, sums.size - at));
}

function summed(file: ByteSource, { size, sums }: BlobSums): SummedSource {
  return new SummedSource(file.name, new WindowSource(file, 0, size), size, sums);
}
