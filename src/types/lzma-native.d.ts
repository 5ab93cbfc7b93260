/** The part of lzma-native 8 that ikfs uses; the package has no types of its own. */
declare module 'lzma-native' {
  import type { Transform } from 'node:stream';

  /** A stream that decodes on libuv's thread pool. Its errors are named after liblzma's results (LZMA_*). */
  export interface LzmaStream extends Transform {
    /** Bytes that liblzma has taken in. */
    totalIn(): number;
    /** Bytes that liblzma has put out. */
    totalOut(): number;
  }

  /** @param options memlimit: bytes of memory that liblzma may use */
  export function createStream(
    coder: 'streamDecoder' | 'aloneDecoder' | 'autoDecoder',
    options: { readonly memlimit?: number },
  ): LzmaStream;

  /** Compresses to a .xz file's bytes, preset 6 and CRC64. */
  export function compress(bytes: Buffer): Promise<Buffer>;
}
