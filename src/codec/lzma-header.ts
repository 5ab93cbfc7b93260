/*
 * The header of the .lzma format, "LZMA_Alone" (doc/lzma-file-format.txt of XZ Utils), little-endian:
 *
 *   0   u8    properties: (pb * 5 + lp) * 9 + lc
 *   1   u32   dictionary size in bytes
 *   5   u64   uncompressed size, all ones when it is not known
 *   13        LZMA data, whose first byte is 0 (the range coder's first output)
 */
export const lzmaHeaderSize = 13;

/** lc 3, lp 0, pb 2: the default, and what the kernel's scripts and extract-vmlinux's magic expect. */
const usualProperties = 0x5d;

/** Larger sizes are a false hit of a magic of one byte; liblzma draws the same line (256 GiB). */
const largestPlausible = 2n ** 38n;
const unknownSize = 2n ** 64n - 1n;

/** Whether bytes start with a plausible .lzma header; the format has no magic. */
export function isLzma(head: Buffer): boolean {
  if (head.length <= lzmaHeaderSize || head.readUInt8(0) !== usualProperties) return false;
  const size = head.readBigUInt64LE(5);
  return (
    isUsualDictionary(head.readUInt32LE(1)) &&
    (size === unknownSize || size < largestPlausible) &&
    head.readUInt8(lzmaHeaderSize) === 0
  );
}

/** Encoders write 2^n or 2^n + 2^(n-1), from 4 KiB on. */
function isUsualDictionary(size: number): boolean {
  if (size < 4096) return false;
  const top = 2 ** Math.floor(Math.log2(size));
  return size === top || size === top + top / 2;
}
