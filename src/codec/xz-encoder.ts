import { loadLzmaNative } from './lzma-native-package.ts';

/**
 * Compresses bytes as xz does by default (xz(1), preset 6, CRC64), on libuv's thread pool.
 * @throws IkfsError `unavailable` where lzma-native does not load
 */
export async function encodeXz(bytes: Uint8Array): Promise<Buffer> {
  const lzma = await loadLzmaNative('compress with', 'Use --format tar, and compress with xz(1)');
  return await lzma.compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
