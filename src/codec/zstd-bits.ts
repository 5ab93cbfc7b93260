/** Zero bytes kept before and behind the data, so that a read at either end stays in the buffer. */
export const bitPadding = 32;

/**
 * The bits of a buffer, addressed from its first byte's lowest bit on. zstd's entropy streams are read from
 * their end to their start: whoever reads keeps the position and moves it down.
 */
export type BitView = DataView;

/**
 * The `count` bits, 0 to 25, that end before the bit `position`, as a number. The position may lie up to
 * `bitPadding` bytes outside the stream; checking that is the caller's part.
 */
export function bitsBefore(view: BitView, position: number, count: number): number {
  const start = position - count;
  return (view.getUint32(start >>> 3, true) >>> (start & 7)) & ((1 << count) - 1);
}

/**
 * Where a stream that is read backwards begins: below the highest set bit of its last byte (RFC 8878 section
 * 4.1). @returns the bit position, or undefined when that byte is 0, which cannot be
 */
export function streamTop(bytes: Uint8Array, end: number): number | undefined {
  const last = bytes[end - 1] ?? 0;
  return last === 0 ? undefined : end * 8 - 1 - Math.clz32(last << 24);
}
