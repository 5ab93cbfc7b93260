import { IkfsError } from '../errors.ts';
import { hasKnownLz4Flags, largestLz4Block, lz4Flags, lz4Magic } from './headers.ts';
import { InputReader } from './input-reader.ts';
import { decodeLz4Block } from './lz4-block.ts';
import type { SynchronousDecoder } from './synchronous.ts';
import { Xxhash32, xxhash32 } from './xxhash32.ts';

/*
 * The LZ4 frame that lz4(1) writes today (LZ4's doc/lz4_Frame_format.md): a header, then blocks of a u32 size and
 * that many bytes, then a size of 0. All integers are little-endian. Kernels have the legacy frame instead.
 */
/** The bit of a block's size that says that it is stored as it is. */
const storedBit = 0x80000000;

/** How far back a match reaches at the most, and one more. */
const historySize = 64 * 1024;

/** What a frame's header says. */
interface Header {
  /** The most bytes that a block has, stored and expanded. */
  readonly largestBlock: number;
  /** Whether matches may refer to the blocks before, up to 64 KiB. */
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  /** The size of what comes out, when it is given. */
  readonly contentSize: bigint | undefined;
  readonly contentChecksum: boolean;
}

/** Decodes one frame and verifies the checksums that it has, and its size, if it is given. */
export const decodeLz4: SynchronousDecoder = (input, write) => {
  const reader = new InputReader(input);
  const header = readHeader(reader);
  const blocks = new Blocks(header);
  const hash = new Xxhash32();
  let produced = 0;
  for (;;) {
    const start = reader.position;
    const field = reader.u32le('lz4 block size');
    if (field === 0) break;
    const size = field % storedBit;
    if (size > header.largestBlock) throw reader.corrupt('lz4 block is longer than the frame allows', start);
    const block = readBlock(reader, size, header.blockChecksums);
    const bytes =
      field >= storedBit
        ? blocks.store(block)
        : blocks.decode(block, (message, at) => {
            throw reader.corrupt(message, start + 4 + at);
          });
    write(bytes);
    if (header.contentChecksum) hash.update(bytes);
    produced += bytes.length;
  }
  if (header.contentSize !== undefined && header.contentSize !== BigInt(produced)) {
    throw reader.corrupt('lz4 content does not have the size that the frame states');
  }
  if (header.contentChecksum && reader.u32le('lz4 content checksum') !== hash.digest()) {
    throw reader.corrupt('lz4 content checksum does not match', reader.position - 4);
  }
  return { consumed: reader.position, produced };
};

function readHeader(reader: InputReader): Header {
  const start = reader.bytes(6, 'lz4 frame header');
  if (start.readUInt32LE() !== lz4Magic) throw reader.corrupt('not an lz4 frame', 0);
  if (!hasKnownLz4Flags(start)) {
    throw new IkfsError('unsupported', 'lz4 frame of another version', { offset: 4 });
  }
  const largestBlock = largestLz4Block(start);
  if (largestBlock === undefined) throw reader.corrupt('lz4 frame with an unknown block size', 5);
  const flags = start.readUInt8(4);
  const sizeLength = flags & lz4Flags.contentSize ? 8 : 0;
  const dictionaryLength = flags & lz4Flags.dictionary ? 4 : 0;
  const numbers = reader.bytes(sizeLength + dictionaryLength, 'lz4 frame header');
  const checksum = reader.u8('lz4 header checksum');
  if (checksum !== ((xxhash32(Buffer.concat([start.subarray(4), numbers])) >> 8) & 0xff)) {
    throw reader.corrupt('lz4 header checksum does not match', reader.position - 1);
  }
  if (dictionaryLength > 0 && numbers.readUInt32LE(sizeLength) !== 0) {
    throw new IkfsError('unsupported', 'lz4 frame needs a dictionary', { offset: 6 + sizeLength });
  }
  return {
    largestBlock,
    linked: (flags & lz4Flags.independent) === 0,
    blockChecksums: (flags & lz4Flags.blockChecksums) !== 0,
    contentSize: sizeLength > 0 ? numbers.readBigUInt64LE() : undefined,
    contentChecksum: (flags & lz4Flags.contentChecksum) !== 0,
  };
}

/** Reads a block of that size and, if there is one, verifies its checksum. */
function readBlock(reader: InputReader, size: number, checked: boolean): Buffer {
  const field = reader.bytes(size + (checked ? 4 : 0), 'lz4 block');
  const block = field.subarray(0, size);
  if (checked && field.readUInt32LE(size) !== xxhash32(block)) {
    throw reader.corrupt('lz4 block checksum does not match', reader.position - 4);
  }
  return block;
}

/** The blocks of one frame, in order. What a call returns is valid until the next. */
class Blocks {
  readonly #linked: boolean;
  readonly #largest: number;
  /** What matches may refer to, and behind it the last block. */
  readonly #memory: Uint8Array;
  /** Offset in `#memory` behind the last block. */
  #end = 0;

  constructor({ linked, largestBlock }: Header) {
    this.#linked = linked;
    this.#largest = largestBlock;
    this.#memory = new Uint8Array(historySize + largestBlock);
  }

  decode(block: Uint8Array, fail: (message: string, at: number) => never): Uint8Array {
    const start = this.#keepHistory();
    this.#end = decodeLz4Block(block, this.#memory.subarray(0, start + this.#largest), start, fail);
    return this.#memory.subarray(start, this.#end);
  }

  store(block: Uint8Array): Uint8Array {
    const start = this.#keepHistory();
    this.#memory.set(block, start);
    this.#end = start + block.length;
    return this.#memory.subarray(start, this.#end);
  }

  /** Moves what the next block may refer to to the front. @returns its length */
  #keepHistory(): number {
    const kept = this.#linked ? Math.min(this.#end, historySize) : 0;
    this.#memory.copyWithin(0, this.#end - kept, this.#end);
    return kept;
  }
}
