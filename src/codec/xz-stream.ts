import { crc32 } from 'node:zlib';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';
import { isXz, xzHeaderSize } from './headers.ts';
import { InputReader } from './input-reader.ts';

/*
 * The container of one .xz stream, read without decoding (https://tukaani.org/xz/xz-file-format.txt). LZMA2
 * cuts its data into chunks that state their sizes, so going from header to header finds the stream's end. All
 * integers are little-endian.
 */
const footerMagic = Buffer.from('YZ', 'latin1');
const lzma2Filter = 0x21;

/** Sizes of the checks by their ID, in bytes (section 2.1.1.2). */
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;

/**
 * The length in bytes of the xz stream at the start of `input`.
 * @param dictionaryCap the largest dictionary allowed, in bytes
 * @throws IkfsError `truncated`, `corrupt`, `unsupported` for filters that are not LZMA2 at the end, `limit`
 */
export function xzStreamLength(input: ByteSource, dictionaryCap: number): number {
  const reader = new InputReader(input);
  const header = reader.bytes(xzHeaderSize, 'xz stream header');
  if (!isXz(header)) throw reader.corrupt('not an xz stream header', 0);
  const checkSize = checkSizes[header.readUInt8(7) & 0x0f] ?? 0;
  let blocks = 0;
  for (;;) {
    const start = reader.position;
    const sizeByte = reader.u8('xz block header size');
    if (sizeByte === 0) break;
    skipBlockHeader(reader, start, sizeByte, dictionaryCap);
    const dataStart = reader.position;
    skipLzma2(reader);
    skipPadding(reader, dataStart, 'xz block padding');
    reader.skip(checkSize, 'xz block check');
    blocks += 1;
  }
  skipIndexAndFooter(reader, blocks);
  return reader.position;
}

/** Section 3.1. Only the last filter matters here: it says whether the data are LZMA2, and the dictionary. */
function skipBlockHeader(reader: InputReader, start: number, sizeByte: number, dictionaryCap: number): void {
  const rest = reader.bytes((sizeByte + 1) * 4 - 1, 'xz block header');
  const fields = rest.subarray(0, -4);
  if (rest.readUInt32LE(fields.length) !== crc32(fields, crc32(Buffer.of(sizeByte)))) {
    throw reader.corrupt('xz block header CRC-32 does not match', start);
  }
  const cursor = new Cursor(fields, 'little', start + 1);
  const flags = cursor.u8('xz block flags');
  if (flags & 0x3c) throw new IkfsError('unsupported', 'unknown xz block flags', { offset: start + 1 });
  const nextInteger = (): number =>
    multibyte(() => cursor.u8('xz block header'), start + 1 + cursor.position);
  if (flags & 0x40) nextInteger();
  if (flags & 0x80) nextInteger();
  const otherFilters = flags & 0x03;
  for (let filter = 0; filter < otherFilters; filter += 1) {
    nextInteger();
    cursor.bytes(nextInteger(), 'xz filter properties');
  }
  const last = nextInteger();
  const [encoded] = cursor.bytes(nextInteger(), 'xz filter properties');
  if (last !== lzma2Filter || encoded === undefined || encoded > 40) {
    throw new IkfsError('unsupported', 'xz filter chain does not end in LZMA2', { offset: start });
  }
  const dictionary = encoded === 40 ? 2 ** 32 - 1 : (2 | (encoded & 1)) * 2 ** ((encoded >> 1) + 11);
  if (dictionary > dictionaryCap) {
    const message = `needs a dictionary of ${dictionary} bytes, of which ${dictionaryCap} are allowed`;
    throw new IkfsError('limit', message, { offset: start });
  }
}

/**
 * Passes over LZMA2 chunks up to their end marker. A chunk is a control byte, sizes (big-endian, less one) and
 * data: 0 ends, 1 and 2 are uncompressed with a u16 size, from 0x80 on are LZMA with 21 bits of expanded size, a
 * u16 compressed size and, from 0xc0 on, a properties byte.
 */
function skipLzma2(reader: InputReader): void {
  for (;;) {
    const control = reader.u8('LZMA2 chunk');
    if (control === 0) return;
    if (control > 2 && control < 0x80) throw reader.corrupt('unknown LZMA2 chunk', reader.position - 1);
    if (control >= 0x80) reader.skip(2, 'LZMA2 expanded size');
    const length = reader.u16be('LZMA2 chunk size') + 1;
    reader.skip(control >= 0xc0 ? length + 1 : length, 'LZMA2 chunk');
  }
}

/** Sections 4 and 2.1.2: the index names each block's sizes, which the decoder compares; here it is passed. */
function skipIndexAndFooter(reader: InputReader, blocks: number): void {
  const start = reader.position - 1;
  if (multibyte(() => reader.u8('xz index'), start + 1) !== blocks) {
    throw reader.corrupt('xz index has another number of blocks', start);
  }
  for (let field = 0; field < blocks * 2; field += 1) multibyte(() => reader.u8('xz index'), reader.position);
  skipPadding(reader, start, 'xz index padding');
  reader.skip(4, 'xz index CRC-32');
  const footer = reader.bytes(12, 'xz stream footer');
  if (!footer.subarray(10).equals(footerMagic)) {
    throw reader.corrupt('xz stream footer has no magic', reader.position - 2);
  }
}

/** Passes the zeros that fill up to a multiple of four bytes counted from `start`. */
function skipPadding(reader: InputReader, start: number, field: string): void {
  while ((reader.position - start) % 4 !== 0) {
    if (reader.u8(field) !== 0) throw reader.corrupt(`${field} is not zero`, reader.position - 1);
  }
}

/** Section 1.2: seven bits a byte, lowest first, the top bit set on all but the last of at most nine. */
function multibyte(next: () => number, offset: number): number {
  let value = 0;
  for (let shift = 0; shift < 63; shift += 7) {
    const byte = next();
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new IkfsError('corrupt', 'xz integer does not end', { offset });
}
