/*
 * How a stream of each compression begins, apart from the decoders: whoever looks for streams needs all of these and
 * hardly any of those. That of .lzma is in lzma-header.ts.
 */
import { crc32 } from 'node:zlib';

/** Flags of a gzip member's header (RFC 1952 2.3.1). */
export const gzipFlags = {
  headerChecksum: 0x02,
  extra: 0x04,
  name: 0x08,
  comment: 0x10,
  reserved: 0xe0,
} as const;

/** Whether bytes start with a gzip header: magic, method 8 (deflate), no reserved flags (RFC 1952 2.3). */
export function isGzip(head: Buffer): boolean {
  return (
    head.length >= 10 && head.readUIntBE(0, 3) === 0x1f8b08 && (head.readUInt8(3) & gzipFlags.reserved) === 0
  );
}

/** Length of an xz stream's header in bytes. */
export const xzHeaderSize = 12;
const xzMagic = Buffer.from('fd377a585a00', 'hex');

/**
 * Whether bytes start with an xz stream header: magic, no reserved flags, right CRC-32
 * (https://tukaani.org/xz/xz-file-format.txt, section 2.1.1).
 */
export function isXz(head: Buffer): boolean {
  return (
    head.length >= xzHeaderSize &&
    head.subarray(0, xzMagic.length).equals(xzMagic) &&
    head.readUInt8(6) === 0 &&
    head.readUInt8(7) <= 0x0f &&
    head.readUInt32LE(8) === crc32(head.subarray(6, 8))
  );
}

/** Whether bytes start with the magic of a zstd frame and a header without the reserved flag (RFC 8878, 3.1.1). */
export function isZstd(head: Buffer): boolean {
  return head.length >= 5 && head.readUInt32LE(0) === 0xfd2fb528 && (head.readUInt8(4) & 0x08) === 0;
}

/** The magic of an lzop file (lzop 1.04). */
export const lzopMagic = Buffer.from('894c5a4f000d0a1a0a', 'hex');

/** Whether bytes start with lzop's magic of nine bytes. */
export function isLzop(head: Buffer): boolean {
  return head.length >= lzopMagic.length && head.subarray(0, lzopMagic.length).equals(lzopMagic);
}

/** What a bzip2 stream's blocks and its end begin with, 48 bits each (bzip2 1.0.8, decompress.c). */
export const bzip2Magic = { block: 0x314159265359, end: 0x177245385090 } as const;

/** Whether bytes start with a stream header and the magic of a block or, in an empty stream, of the end. */
export function isBzip2(head: Buffer): boolean {
  if (head.length < 10 || bzip2Level(head) === undefined) return false;
  const first = head.readUIntBE(4, 6);
  return first === bzip2Magic.block || first === bzip2Magic.end;
}

/** The block size in units of 100,000 bytes, or undefined when this is no stream header. */
export function bzip2Level(header: Buffer): number | undefined {
  const level = header.readUInt8(3) - 0x30;
  return header.toString('latin1', 0, 3) === 'BZh' && level >= 1 && level <= 9 ? level : undefined;
}

/** The magic of a legacy LZ4 frame (section "Legacy frame" of the LZ4 frame format). */
export const lz4LegacyMagic = 0x184c2102;

/** What each block of a legacy frame but the last expands to, in bytes. */
export const lz4LegacyBlock = 8 * 1024 * 1024;

/** The most that 8 MiB can be compressed to (LZ4_COMPRESSBOUND of lz4.h). */
const longestLegacyBlock = lz4LegacyBlock + Math.floor(lz4LegacyBlock / 255) + 16;

/** Whether bytes start with the magic and a possible size of a first block, if there is one. */
export function isLz4Legacy(head: Buffer): boolean {
  if (head.length < 4 || head.readUInt32LE(0) !== lz4LegacyMagic) return false;
  return head.length < 8 || isLz4LegacyBlockSize(head.readUInt32LE(4));
}

/** Whether a compressed block can have that size in bytes. */
export function isLz4LegacyBlockSize(size: number): boolean {
  return size > 0 && size <= longestLegacyBlock;
}

/** The magic of an LZ4 frame (LZ4's doc/lz4_Frame_format.md). */
export const lz4Magic = 0x184d2204;

/** Bits of an LZ4 frame header's first byte of flags. */
export const lz4Flags = {
  version: 0xc0,
  version1: 0x40,
  independent: 0x20,
  blockChecksums: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  reserved: 0x02,
  dictionary: 0x01,
} as const;

/** The bits of the second that have no meaning yet; the others are the largest block's size. */
const reservedToo = 0x8f;

/** Whether bytes start with the magic and a header that can be taken; its checksum is not looked at. */
export function isLz4(head: Buffer): boolean {
  return (
    head.length >= 7 &&
    head.readUInt32LE(0) === lz4Magic &&
    hasKnownLz4Flags(head) &&
    largestLz4Block(head) !== undefined
  );
}

/** Whether the two bytes of flags behind the magic have a version and bits that have a meaning. */
export function hasKnownLz4Flags(head: Buffer): boolean {
  const flags = head.readUInt8(4);
  return (
    (flags & lz4Flags.version) === lz4Flags.version1 &&
    (flags & lz4Flags.reserved) === 0 &&
    (head.readUInt8(5) & reservedToo) === 0
  );
}

/** The most bytes that a block has, stored and expanded; undefined where the header has no known size. */
export function largestLz4Block(head: Buffer): number | undefined {
  const code = head.readUInt8(5) >> 4;
  return code < 4 ? undefined : 2 ** (8 + 2 * code);
}
