import { IkfsError } from '../errors.ts';

/** What an entry of a header archive is; hard links, devices and the like are refused while indexing. */
export type ArchiveEntryKind = 'file' | 'directory' | 'link';

/** One entry of an archive, as its tar header gives it. */
export interface ArchiveEntry {
  readonly kind: ArchiveEntryKind;
  /** Name as stored, without a leading `./` and without a trailing `/`; the root itself is the empty string. */
  readonly path: string;
  /** Permission bits of the mode field. */
  readonly mode: number;
  /** Length of a file's content, in bytes; 0 for others. */
  readonly size: number;
  /** Offset of the content in the plain tar, in bytes; 0 for others. */
  readonly offset: number;
  /** What a symbolic link points at; empty for others. */
  readonly target: string;
}

/*
 * Encoded form, little-endian throughout, written by native/ and by this file alike:
 *
 *   0   8 bytes   "IKFSIDX1"
 *   8   u32       number of entries, n
 *   12  u32       length of the string pool in bytes
 *   16  n times 32 bytes:
 *         0  u64  offset of the content in the tar
 *         8  u64  size of the content
 *         16 u32  offset of the path in the pool
 *         20 u16  length of the path
 *         22 u16  mode (permission bits)
 *         24 u32  offset of the link target in the pool
 *         28 u16  length of the link target
 *         30 u8   kind: 0 file, 1 directory, 2 link
 *         31 u8   0
 *   then the string pool: for each entry, in order, its path and its link target (UTF-8)
 */
const magic = Buffer.from('IKFSIDX1', 'latin1');
const headerSize = 16;
const recordSize = 32;
const kinds: readonly ArchiveEntryKind[] = ['file', 'directory', 'link'];

/** Encodes entries in the order given. */
export function encodeArchiveIndex(entries: readonly ArchiveEntry[]): Buffer {
  const strings = entries.map((entry) => [Buffer.from(entry.path), Buffer.from(entry.target)] as const);
  const poolSize = strings.reduce((sum, [path, target]) => sum + path.length + target.length, 0);
  const poolStart = headerSize + entries.length * recordSize;
  const encoded = Buffer.alloc(poolStart + poolSize);
  magic.copy(encoded);
  encoded.writeUInt32LE(entries.length, 8);
  encoded.writeUInt32LE(poolSize, 12);
  let pool = 0;
  entries.forEach((entry, index) => {
    const [path, target] = strings[index] as (typeof strings)[number];
    const record = headerSize + index * recordSize;
    encoded.writeBigUInt64LE(BigInt(entry.offset), record);
    encoded.writeBigUInt64LE(BigInt(entry.size), record + 8);
    encoded.writeUInt32LE(pool, record + 16);
    encoded.writeUInt16LE(path.length, record + 20);
    encoded.writeUInt16LE(entry.mode & 0o7777, record + 22);
    pool += path.copy(encoded, poolStart + pool);
    encoded.writeUInt32LE(pool, record + 24);
    encoded.writeUInt16LE(target.length, record + 28);
    pool += target.copy(encoded, poolStart + pool);
    encoded.writeUInt8(kinds.indexOf(entry.kind), record + 30);
  });
  return encoded;
}

/** @throws IkfsError `corrupt` when the bytes are not a whole index. */
export function decodeArchiveIndex(encoded: Buffer): ArchiveEntry[] {
  const broken = (what: string): IkfsError => new IkfsError('corrupt', `archive index: ${what}`);
  if (encoded.length < headerSize || !encoded.subarray(0, magic.length).equals(magic))
    throw broken('no header');
  const count = encoded.readUInt32LE(8);
  const poolSize = encoded.readUInt32LE(12);
  const poolStart = headerSize + count * recordSize;
  if (poolStart + poolSize !== encoded.length) throw broken('wrong length');
  const text = (offset: number, length: number): string => {
    if (offset + length > poolSize) throw broken('string outside the pool');
    return encoded.toString('utf8', poolStart + offset, poolStart + offset + length);
  };
  const entries: ArchiveEntry[] = [];
  for (let record = headerSize; record < poolStart; record += recordSize) {
    const kind = kinds[encoded.readUInt8(record + 30)];
    if (kind === undefined) throw broken('unknown kind of entry');
    entries.push({
      kind,
      path: text(encoded.readUInt32LE(record + 16), encoded.readUInt16LE(record + 20)),
      mode: encoded.readUInt16LE(record + 22),
      size: Number(encoded.readBigUInt64LE(record + 8)),
      offset: Number(encoded.readBigUInt64LE(record)),
      target: text(encoded.readUInt32LE(record + 24), encoded.readUInt16LE(record + 28)),
    });
  }
  return entries;
}
