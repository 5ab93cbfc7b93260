import { InputReader } from './input-reader.ts';
import type { SynchronousDecoder } from './synchronous.ts';
import { Xxhash64 } from './xxhash64.ts';
import { bitPadding } from './zstd-bits.ts';
import { largestZstdBlock, readBlockHeader, readFrameHeader } from './zstd-frame.ts';
import type { Fail } from './zstd-huffman.ts';
import { ZstdLiterals } from './zstd-literals.ts';
import { ZstdSequences } from './zstd-sequences.ts';
import { ZstdWindow } from './zstd-window.ts';

/*
 * Decodes zstd (RFC 8878) in JavaScript, for Node before 22.15, which has no zstd of its own. Written anew
 * because kernels are compressed with windows of 128 MiB, and the package fzstd moves the whole window for
 * every block of 128 KiB (5.8 s for a kernel that takes 0.5 s here) and verifies no checksum.
 */

/** Decodes the first frame and verifies its checksum, if it has one, and its size, if it is given. */
export const decodeZstd: SynchronousDecoder = (input, write) => {
  const reader = new InputReader(input);
  const header = readFrameHeader(reader);
  const window = new ZstdWindow(header.windowSize);
  const decodeBlock = compressedBlocks(window);
  const hash = header.hasChecksum ? new Xxhash64() : undefined;
  let produced = 0;
  for (let last = false; !last;) {
    const start = reader.position;
    const block = readBlockHeader(reader, header.largestBlock);
    window.reserve(largestZstdBlock);
    const before = window.end;
    if (block.type === 'run') {
      window.bytes.fill(reader.u8('zstd block'), before, before + block.size);
      window.end += block.size;
    } else if (block.type === 'raw') {
      window.bytes.set(reader.bytes(block.size, 'zstd block'), before);
      window.end += block.size;
    } else {
      decodeBlock(reader.bytes(block.size, 'zstd block'), (message) => {
        throw reader.corrupt(message, start);
      });
    }
    const decoded = window.bytes.subarray(before, window.end);
    if (decoded.length > header.largestBlock) {
      throw reader.corrupt(`zstd block expands to more than ${header.largestBlock} bytes`, start);
    }
    write(decoded);
    hash?.update(decoded);
    produced += decoded.length;
    last = block.last;
  }
  if (header.contentSize !== undefined && header.contentSize !== produced) {
    throw reader.corrupt('zstd content does not have the size that the frame states');
  }
  if (hash && reader.u32le('zstd checksum') !== hash.low32()) {
    throw reader.corrupt('zstd checksum does not match', reader.position - 4);
  }
  return { consumed: reader.position, produced };
};

/** A function that decodes the compressed blocks of one frame, in order, into the window. */
function compressedBlocks(window: ZstdWindow): (block: Uint8Array, fail: Fail) => void {
  const padded = new Uint8Array(bitPadding + largestZstdBlock + bitPadding);
  const view = new DataView(padded.buffer);
  const literals = new ZstdLiterals();
  const sequences = new ZstdSequences();
  return (block, fail) => {
    const end = bitPadding + block.length;
    padded.set(block, bitPadding);
    padded.fill(0, end, end + bitPadding);
    if (block.length === 0) fail('zstd block is empty');
    const sequencesStart = literals.read(padded, view, bitPadding, end, fail);
    sequences.decode(padded, view, sequencesStart, end, literals, window, fail);
  };
}
