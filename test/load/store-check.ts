import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** What was found in a store. */
export interface CheckedStore {
  readonly blobs: number;
  readonly bytes: number;
  /** Files that are not what their own sums say. */
  readonly wrong: readonly string[];
}

/** The store's files of blobs. */
export function blobFiles(store: string): string[] {
  return readdirSync(join(store, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Looks at every byte of every blob, by another reading of the format that src/store/blob-file.ts describes. */
export function checkStore(store: string): CheckedStore {
  const wrong: string[] = [];
  let bytes = 0;
  const files = blobFiles(store);
  for (const path of files) {
    const file = readFileSync(path);
    bytes += file.length;
    if (!isWhole(file)) wrong.push(`${path} is damaged`);
  }
  return { blobs: files.length, bytes, wrong };
}

const trailerSize = 24;
const chunkSize = 4096;

function isWhole(file: Buffer): boolean {
  if (file.length < trailerSize) return false;
  const trailer = file.subarray(-trailerSize);
  if (trailer.toString('latin1', 0, 8) !== 'IKFSBLB2') return false;
  const size = Number(trailer.readBigUInt64LE(8));
  const chunks = Math.ceil(size / chunkSize);
  if (size + 4 * chunks + trailerSize !== file.length) return false;
  // Sums and the first 16 bytes of the trailer lie behind each other.
  if (crc32(file.subarray(size, file.length - 8)) !== trailer.readUInt32LE(16)) return false;
  return Array.from({ length: chunks }, (_, chunk) => chunk).every((chunk) => {
    const at = chunk * chunkSize;
    const sum = crc32(file.subarray(at, Math.min(size, at + chunkSize)));
    return sum === file.readUInt32LE(size + 4 * chunk);
  });
}
