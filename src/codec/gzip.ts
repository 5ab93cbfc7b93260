import { constants, crc32, createInflateRaw } from 'node:zlib';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import type { Decoder } from './codec.ts';
import { gzipFlags, isGzip } from './headers.ts';
import { InputReader } from './input-reader.ts';
import { pump } from './stream-pump.ts';

/*
 * One gzip member (RFC 1952). Its header and trailer are read here and only what lies between goes to zlib:
 * given a whole gzip stream, Node takes bytes behind it for another member and fails.
 */

/** Longest name or comment; gzip itself stores a file name. */
const longestText = 64 * 1024;
const trailerSize = 8;

/**
 * Bytes fed and taken at a time. Node makes new memory for all that comes out, and has a good deal of it before it
 * lets go of any: with pieces of 256 KiB it was a third of a kernel.
 */
const chunk = 64 * 1024;

/** Decodes the first gzip member and checks its CRC-32 and size. */
export const decodeGzip: Decoder = async (input, output) => {
  const start = headerLength(input);
  const inflate = createInflateRaw({ chunkSize: chunk });
  let checksum = 0;
  let produced = 0;
  try {
    await pump(inflate, input, { start, end: input.size, chunk }, (bytes) => {
      output.write(bytes);
      checksum = crc32(bytes, checksum);
      produced += bytes.length;
    });
  } catch (error) {
    throw describeZlibError(error, start + inflate.bytesWritten);
  }
  const trailer = new InputReader(input, start + inflate.bytesWritten);
  if (trailer.u32le('gzip CRC-32') !== checksum) {
    throw trailer.corrupt('gzip CRC-32 does not match', trailer.position - 4);
  }
  if (trailer.u32le('gzip size') !== produced % 2 ** 32) {
    throw trailer.corrupt('gzip size does not match', trailer.position - 4);
  }
  return { consumed: start + inflate.bytesWritten + trailerSize, produced };
};

/** Length of the header in bytes. */
function headerLength(input: ByteSource): number {
  const reader = new InputReader(input);
  const fixed = reader.bytes(10, 'gzip header');
  if (!isGzip(fixed)) throw reader.corrupt('not a gzip header', 0);
  const flag = fixed.readUInt8(3);
  if (flag & gzipFlags.extra) reader.skip(reader.u16le('gzip extra field'), 'gzip extra field');
  if (flag & gzipFlags.name) skipText(reader, 'gzip file name');
  if (flag & gzipFlags.comment) skipText(reader, 'gzip comment');
  if (flag & gzipFlags.headerChecksum) {
    const length = reader.position;
    const expected = crc32(input.read(0, length)) & 0xffff;
    if (reader.u16le('gzip header checksum') !== expected) {
      throw reader.corrupt('gzip header checksum does not match', length);
    }
  }
  return reader.position;
}

function skipText(reader: InputReader, field: string): void {
  const start = reader.position;
  while (reader.u8(field) !== 0) {
    if (reader.position - start > longestText) throw reader.corrupt(`${field} does not end`, start);
  }
}

/** zlib's error as an IkfsError; all others, which come from the source or the sink, as they are. */
function describeZlibError(error: unknown, offset: number): unknown {
  if (error instanceof IkfsError || !(error instanceof Error)) return error;
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === constants.Z_BUF_ERROR) {
    return new IkfsError('truncated', 'ends inside the deflate stream', { offset, cause: error });
  }
  if (errno === constants.Z_DATA_ERROR) {
    return new IkfsError('corrupt', `the deflate stream is damaged (${error.message})`, {
      offset,
      cause: error,
    });
  }
  return error;
}
