import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * Bytes that nobody looks at for now, in less memory: fast rather than as small as can be.
 * @returns what unpack() takes
 */
export function pack(bytes: Uint8Array | string): Uint8Array {
  // A copy: what zlib returns may be the beginning of a larger piece of memory.
  return Uint8Array.from(deflateRawSync(bytes, { level: 1 }));
}

/** The bytes that pack() was given, or the text as UTF-8. */
export function unpack(packed: Uint8Array): Buffer {
  return inflateRawSync(packed);
}
