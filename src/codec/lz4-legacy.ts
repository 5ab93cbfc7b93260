import type { SynchronousDecoder } from './synchronous.ts';
import { InputReader } from './input-reader.ts';
import { decodeLz4Block } from './lz4-block.ts';

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
    const length = decodeLz4Block(reader.bytes(size, 'lz4 block'), block, 0, (message, at) => {
      throw reader.corrupt(message, start + at);
    });
    write(block.subarray(0, length));
    produced += length;
    consumed = reader.position;
    if (length < blockSize) break;
  }
  return { consumed, produced };
};
