import { Cursor } from '../bytes/cursor.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { isZstd } from './headers.ts';
import { InputReader } from './input-reader.ts';

/*
 * The container of a zstd frame (RFC 8878 section 3.1.1). All integers are little-endian.
 */
/** The most that a block of any frame has, as it is and expanded (section 3.1.1.2.4). */
export const largestZstdBlock = 128 * 1024;

/**
 * The largest window that is decoded, in bytes: what `zstd --ultra -22` uses, with which kernels are compressed
 * (scripts/Makefile.lib, zstd22), and what the zstd tool accepts unasked.
 */
const windowCap = 128 * 1024 * 1024;

/** What a frame's header says. */
export interface ZstdFrameHeader {
  /** How far back a match may reach, in bytes. */
  readonly windowSize: number;
  /** The most that one of its blocks has, as it is and expanded, in bytes. */
  readonly largestBlock: number;
  /** The size of what comes out, when it is given. */
  readonly contentSize: number | undefined;
  /** Whether the low half of the content's XXH64 follows the last block. */
  readonly hasChecksum: boolean;
}

/** One block's header. */
export interface ZstdBlockHeader {
  readonly last: boolean;
  readonly type: 'raw' | 'run' | 'compressed';
  /** What it is: the bytes that follow, or the length of the run of the one byte that follows. */
  readonly size: number;
}

/** Reads the frame header at the start of a source. @throws IkfsError also `limit` for too large a window */
export function readFrameHeader(reader: InputReader): ZstdFrameHeader {
  const start = reader.position;
  const fixed = reader.bytes(5, 'zstd frame header');
  if (!isZstd(fixed)) throw reader.corrupt('not a zstd frame header', start);
  const descriptor = fixed.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const windowLength = singleSegment ? 0 : 1;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 0x03] as number;
  const contentLength = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const fieldsStart = reader.position;
  const fields = reader.bytes(windowLength + dictionaryLength + contentLength, 'zstd frame header');
  const dictionary = fields.subarray(windowLength, windowLength + dictionaryLength);
  if (dictionary.some((byte) => byte !== 0)) {
    throw new IkfsError('unsupported', 'zstd frame needs a dictionary', {
      offset: fieldsStart + windowLength,
    });
  }
  const contentSize = readContentSize(
    new Cursor(fields, 'little', fieldsStart).skip(windowLength + dictionaryLength),
    contentLength,
  );
  const windowSize = singleSegment ? (contentSize ?? 0) : windowSizeOf(fields.readUInt8(0));
  if (windowSize > windowCap) {
    const message = `needs a window of ${windowSize} bytes, of which ${windowCap} are allowed`;
    throw new IkfsError('limit', message, { offset: fieldsStart });
  }
  const largestBlock = Math.min(windowSize, largestZstdBlock);
  return { windowSize, largestBlock, contentSize, hasChecksum: (descriptor & 0x04) !== 0 };
}

/** Section 3.1.1.1.2: a power of two from 1 KiB, and eighths of it. */
function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 0x07);
}

/** Section 3.1.1.1.4: two bytes count from 256. */
function readContentSize(cursor: Cursor, length: number): number | undefined {
  const field = 'zstd content size';
  if (length === 0) return undefined;
  if (length === 1) return cursor.u8(field);
  if (length === 2) return cursor.u16(field) + 256;
  return length === 4 ? cursor.u32(field) : cursor.u64(field);
}

/** Section 3.1.1.2. @param largest what the frame's header says of its blocks */
export function readBlockHeader(reader: InputReader, largest: number): ZstdBlockHeader {
  const start = reader.position;
  const header = reader.u24le('zstd block header');
  const type = (['raw', 'run', 'compressed'] as const)[(header >> 1) & 0x03];
  const size = header >> 3;
  if (type === undefined) throw reader.corrupt('zstd block of the reserved type', start);
  if (size > largest) throw reader.corrupt(`zstd block is longer than ${largest} bytes`, start);
  return { last: (header & 1) === 1, type, size };
}

/** Length in bytes of the frame at the start of a source, found without decoding. @throws IkfsError */
export function zstdFrameLength(input: ByteSource): number {
  const reader = new InputReader(input);
  const { hasChecksum, largestBlock } = readFrameHeader(reader);
  for (let last = false; !last;) {
    const block = readBlockHeader(reader, largestBlock);
    reader.skip(block.type === 'run' ? 1 : block.size, 'zstd block');
    last = block.last;
  }
  if (hasChecksum) reader.skip(4, 'zstd checksum');
  return reader.position;
}
