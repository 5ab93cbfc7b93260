import { crc32 } from 'node:zlib';
import { IkfsError } from '../errors.ts';
import { adler32 } from './adler32.ts';
import { isLzop, lzopMagic } from './headers.ts';
import { InputReader } from './input-reader.ts';
import { decodeLzo1x } from './lzo1x.ts';
import type { SynchronousDecoder } from './synchronous.ts';

/*
 * The file format of lzop, which the kernel's lib/decompress_unlzo.c reads: a header, then blocks until one of
 * expanded size 0. All integers are big-endian. The flags are those of lzop 1.04's conf.h.
 */
const flag = {
  adlerOfData: 0x1,
  adlerOfBlock: 0x2,
  extraField: 0x40,
  crcOfData: 0x100,
  crcOfBlock: 0x200,
  multipart: 0x400,
  filter: 0x800,
  crcOfHeader: 0x1000,
} as const;

/** lzop's methods 1 to 3 all write LZO1X; 0x80 is zlib. */
const lzo1xMethods: readonly number[] = [1, 2, 3];

/** From this version on headers have all fields; it is of 1997 and older ones are not in use. */
const oldestVersion = 0x0940;

/** MAX_BLOCK_SIZE of lzop; the kernel takes 256 KiB only, which is also lzop's default. */
const largestBlock = 64 * 1024 * 1024;

/** Decodes one lzop file and verifies the checksums that it has. */
export const decodeLzop: SynchronousDecoder = (input, write) => {
  const reader = new InputReader(input);
  const flags = readHeader(reader);
  let produced = 0;
  let buffer = new Uint8Array(0);
  for (;;) {
    const start = reader.position;
    const expanded = reader.u32be('lzop block size');
    if (expanded === 0) return { consumed: reader.position, produced };
    const size = reader.u32be('lzop compressed size');
    if (expanded > largestBlock || size === 0 || size > expanded) {
      throw reader.corrupt('lzop block has impossible sizes', start);
    }
    const ofData = readChecksums(reader, flags & flag.adlerOfData, flags & flag.crcOfData);
    // A block that did not shrink is stored as it is, and has one set of checksums.
    const stored = size === expanded;
    const ofBlock = stored ? {} : readChecksums(reader, flags & flag.adlerOfBlock, flags & flag.crcOfBlock);
    const blockStart = reader.position;
    const block = reader.bytes(size, 'lzop block');
    verify(block, ofBlock, blockStart, 'lzop block');
    if (buffer.length < expanded) buffer = new Uint8Array(expanded);
    let data: Uint8Array = block;
    if (!stored) {
      data = buffer.subarray(0, expanded);
      const length = decodeLzo1x(block, data, (message, at) => {
        throw reader.corrupt(message, blockStart + at);
      });
      if (length !== expanded) throw reader.corrupt('lzop block expands to less than its size', start);
    }
    verify(data, ofData, start, 'lzop data');
    write(data);
    produced += data.length;
  }
};

/** Reads the header and verifies its checksum. @returns its flags */
function readHeader(reader: InputReader): number {
  if (!isLzop(reader.bytes(lzopMagic.length, 'lzop magic'))) throw reader.corrupt('not an lzop file', 0);
  const covered: Buffer[] = [];
  const take = (length: number, field: string): Buffer => {
    const bytes = reader.bytes(length, field);
    covered.push(bytes);
    return bytes;
  };
  const version = take(2, 'lzop version').readUInt16BE();
  if (version < oldestVersion) {
    throw new IkfsError('unsupported', `lzop format of version 0x${version.toString(16)}`, {
      offset: lzopMagic.length,
    });
  }
  take(4, 'lzop library version, version needed');
  const method = take(1, 'lzop method').readUInt8();
  if (!lzo1xMethods.includes(method)) {
    throw new IkfsError('unsupported', `lzop method ${method}`, { offset: reader.position - 1 });
  }
  take(1, 'lzop level');
  const flags = take(4, 'lzop flags').readUInt32BE();
  if (flags & (flag.filter | flag.multipart)) {
    throw new IkfsError('unsupported', 'lzop filters and multipart archives', {
      offset: reader.position - 4,
    });
  }
  take(12, 'lzop mode and time');
  take(take(1, 'lzop name length').readUInt8(), 'lzop name');
  const sum = flags & flag.crcOfHeader ? crc32 : adler32;
  verifyHeader(reader, sum(Buffer.concat(covered)), 'lzop header');
  if (flags & flag.extraField) {
    reader.skip(reader.u32be('lzop extra field'), 'lzop extra field');
    reader.skip(4, 'lzop extra field checksum');
  }
  return flags;
}

function verifyHeader(reader: InputReader, actual: number, field: string): void {
  if (reader.u32be(`${field} checksum`) !== actual) {
    throw reader.corrupt(`${field} checksum does not match`, reader.position - 4);
  }
}

interface Checksums {
  readonly adler?: number | undefined;
  readonly crc?: number | undefined;
}

function readChecksums(reader: InputReader, hasAdler: number, hasCrc: number): Checksums {
  const adler = hasAdler ? reader.u32be('lzop Adler-32') : undefined;
  const crc = hasCrc ? reader.u32be('lzop CRC-32') : undefined;
  return { adler, crc };
}

function verify(bytes: Uint8Array, { adler, crc }: Checksums, offset: number, what: string): void {
  const matches =
    (adler === undefined || adler === adler32(bytes)) && (crc === undefined || crc === crc32(bytes));
  if (!matches) throw new IkfsError('corrupt', `${what} checksum does not match`, { offset });
}
