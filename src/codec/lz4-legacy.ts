import type { SynchronousDecoder } from './synchronous.ts';
import { InputReader } from './input-reader.ts';
import { copyMatch } from './match.ts';

/*
 * The legacy LZ4 frame (section "Legacy frame" of the LZ4 frame format; the kernel's lib/decompress_unlz4.c):
 * the magic, then blocks of a u32 size (little-endian) and that many bytes. Every block but the last expands
 * to 8 MiB and none refers to another. There is no end mark and no checksum; the kernel's build appends the
 * expanded size, and more may follow.
 */
const magic = 0x184c2102;
const blockSize = 8 * 1024 * 1024;

/** The most that 8 MiB can be compressed to (LZ4_COMPRESSBOUND of lz4.h). */
const longestBlock = blockSize + Math.floor(blockSize / 255) + 16;

/** Whether bytes start with the magic and a possible size of a first block, if there is one. */
export function isLz4Legacy(head: Buffer): boolean {
  if (head.length < 4 || head.readUInt32LE(0) !== magic) return false;
  return head.length < 8 || isBlockSize(head.readUInt32LE(4));
}

function isBlockSize(size: number): boolean {
  return size > 0 && size <= longestBlock;
}

/**
 * Decodes one legacy frame. It ends behind a block that expands to less than 8 MiB, or before a size that no
 * block can have.
 */
export const decodeLz4Legacy: SynchronousDecoder = (input, write) => {
  const reader = new InputReader(input);
  if (reader.u32le('lz4 magic') !== magic) throw reader.corrupt('not a legacy lz4 frame', 0);
  const block = new Uint8Array(blockSize);
  let produced = 0;
  let consumed = reader.position;
  while (reader.remaining > 0) {
    const size = reader.u32le('lz4 block size');
    if (!isBlockSize(size)) break;
    // What looks like a size is the appended one where it equals what has come out and nothing follows.
    if (size === produced && reader.remaining === 0) break;
    const start = reader.position;
    const length = decodeBlock(reader.bytes(size, 'lz4 block'), block, (message, at) => {
      throw reader.corrupt(message, start + at);
    });
    write(block.subarray(0, length));
    produced += length;
    consumed = reader.position;
    if (length < blockSize) break;
  }
  return { consumed, produced };
};

/**
 * Decodes one block (LZ4 block format): sequences of a token, literals, a u16 offset (little-endian) and a
 * match; the last sequence has literals only.
 * @param fail called with what is wrong and where in the block
 * @returns how many bytes of `output` were filled
 */
function decodeBlock(
  block: Uint8Array,
  output: Uint8Array,
  fail: (message: string, at: number) => never,
): number {
  const end = block.length;
  let at = 0;
  let out = 0;
  for (;;) {
    if (at >= end) fail('lz4 block has no last literals', at);
    const token = block[at++] as number;

    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= end) fail('lz4 literal length leaves the block', at);
        more = block[at++] as number;
        literals += more;
      }
    }
    if (literals > end - at) fail('lz4 literals leave the block', at);
    if (literals > output.length - out) fail('lz4 block expands to more than 8 MiB', at);
    if (literals > 32) {
      output.set(block.subarray(at, at + literals), out);
      at += literals;
      out += literals;
    } else {
      for (const stop = at + literals; at < stop;) output[out++] = block[at++] as number;
    }
    if (at === end) return out;

    if (end - at < 2) fail('lz4 offset leaves the block', at);
    const offset = (block[at] as number) | ((block[at + 1] as number) << 8);
    if (offset === 0 || offset > out) fail('lz4 offset is outside the decoded bytes', at);
    at += 2;

    let match = (token & 15) + 4;
    if (match === 19) {
      let more = 255;
      while (more === 255) {
        if (at >= end) fail('lz4 match length leaves the block', at);
        more = block[at++] as number;
        match += more;
      }
    }
    if (match > output.length - out) fail('lz4 block expands to more than 8 MiB', at);
    out = copyMatch(output, out, offset, match);
  }
}
