import type { SynchronousDecoder } from './synchronous.ts';
import { isLz4LegacyBlockSize, lz4LegacyBlock, lz4LegacyMagic } from './headers.ts';
import { InputReader } from './input-reader.ts';
import { decodeLz4Block } from './lz4-block.ts';

/*
 * The legacy LZ4 frame (section "Legacy frame" of the LZ4 frame format; the kernel's lib/decompress_unlz4.c):
 * the magic, then blocks of a u32 size (little-endian) and that many bytes. Every block but the last expands
 * to 8 MiB and none refers to another. There is no end mark and no checksum; the kernel's build appends the
 * expanded size, and more may follow.
 */
/**
 * Decodes one legacy frame. It ends behind a block that expands to less than 8 MiB, or before a size that no
 * block can have.
 */
export const decodeLz4Legacy: SynchronousDecoder = (input, write) => {
  const reader = new InputReader(input);
  if (reader.u32le('lz4 magic') !== lz4LegacyMagic) throw reader.corrupt('not a legacy lz4 frame', 0);
  const block = new Uint8Array(lz4LegacyBlock);
  let produced = 0;
  let consumed = reader.position;
  while (reader.remaining > 0) {
    const size = reader.u32le('lz4 block size');
    if (!isLz4LegacyBlockSize(size)) break;
    // What looks like a size is the appended one where it equals what has come out and nothing follows.
    if (size === produced && reader.remaining === 0) break;
    const start = reader.position;
    const length = decodeLz4Block(reader.bytes(size, 'lz4 block'), block, 0, (message, at) => {
      throw reader.corrupt(message, start + at);
    });
    write(block.subarray(0, length));
    produced += length;
    consumed = reader.position;
    if (length < lz4LegacyBlock) break;
  }
  return { consumed, produced };
};
