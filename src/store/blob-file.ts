import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';

/*
 * A blob on disk: its bytes, then a trailer by which a torn, truncated or altered file is known.
 *
 *   8 bytes   "IKFSBLOB"
 *   u64       length of the bytes, little-endian
 *   32 bytes  SHA-256 of the bytes
 */
const magic = Buffer.from('IKFSBLOB', 'latin1');
export const trailerSize = magic.length + 8 + 32;
const chunkSize = 1024 * 1024;

/** SHA-256 of the first `size` bytes of a file, undefined when it is shorter. */
function digest(descriptor: number, size: number): Buffer | undefined {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(size, 1)));
  for (let done = 0; done < size;) {
    const count = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - done), done);
    if (count === 0) return undefined;
    hash.update(chunk.subarray(0, count));
    done += count;
  }
  return hash.digest();
}

/** Appends the trailer behind the `size` bytes that were written. */
export function seal(descriptor: number, size: number): void {
  const trailer = Buffer.alloc(trailerSize);
  magic.copy(trailer);
  trailer.writeBigUInt64LE(BigInt(size), magic.length);
  digest(descriptor, size)?.copy(trailer, magic.length + 8);
  writeSync(descriptor, trailer, 0, trailer.length, size);
}

/**
 * The length of a sealed blob's bytes, or undefined when the file is not whole.
 * @param fileSize length of the file, in bytes
 */
export function verifySeal(descriptor: number, fileSize: number): number | undefined {
  if (fileSize < trailerSize) return undefined;
  const trailer = Buffer.alloc(trailerSize);
  const size = fileSize - trailerSize;
  if (readSync(descriptor, trailer, 0, trailerSize, size) !== trailerSize) return undefined;
  if (!trailer.subarray(0, magic.length).equals(magic)) return undefined;
  if (trailer.readBigUInt64LE(magic.length) !== BigInt(size)) return undefined;
  const found = digest(descriptor, size);
  return found?.equals(trailer.subarray(magic.length + 8)) === true ? size : undefined;
}
