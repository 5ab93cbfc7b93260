import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { Bzip2Bits } from './bzip2-bits.ts';
import { readBlock } from './bzip2-block.ts';
import { Bzip2Output } from './bzip2-output.ts';
import { bzip2Level, bzip2Magic } from './headers.ts';
import type { SynchronousDecoder } from './synchronous.ts';

/*
 * One bzip2 stream: "BZh", the block size in units of 100,000 bytes as a digit, then blocks, each behind a
 * 48-bit magic, and an end magic with the combined checksum. Fields follow each other bit by bit, highest
 * first. The format has no specification of its own; the source is bzip2 1.0.8 (decompress.c).
 */
const blockUnit = 100_000;

/** Decodes the first bzip2 stream and verifies the checksums of its blocks and of the whole. */
export const decodeBzip2: SynchronousDecoder = (input: ByteSource, write) => {
  const bits = new Bzip2Bits(input);
  const header = Buffer.from(Array.from({ length: 4 }, () => bits.read(8)));
  const level = bzip2Level(header);
  if (level === undefined) throw new IkfsError('corrupt', 'not a bzip2 stream header', { offset: 0 });
  const block = new Uint32Array(level * blockUnit);
  const output = new Bzip2Output(write);
  let combined = 0;
  for (;;) {
    const start = bits.position;
    const magic = bits.read(24) * 2 ** 24 + bits.read(24);
    const checksum = bits.read32();
    if (magic === bzip2Magic.end) {
      if (checksum !== combined) {
        throw new IkfsError('corrupt', 'bzip2 stream checksum does not match', { offset: start });
      }
      return { consumed: bits.position, produced: output.written };
    }
    if (magic !== bzip2Magic.block)
      throw new IkfsError('corrupt', 'bzip2 block has no magic', { offset: start });
    const { length, origin } = readBlock(bits, block);
    if (output.writeBlock(block, length, origin) !== checksum) {
      throw new IkfsError('corrupt', 'bzip2 block checksum does not match', { offset: start });
    }
    combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0;
  }
};
