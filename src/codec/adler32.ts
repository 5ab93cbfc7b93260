const modulus = 65521;

/** Bytes after which the sums must be reduced lest they leave 32 bits (NMAX of zlib's adler32.c). */
const reduceAfter = 5552;

/** The Adler-32 checksum (RFC 1950 section 8.2). @param start the checksum of the bytes before these; 1 for none */
export function adler32(bytes: Uint8Array, start = 1): number {
  let low = start & 0xffff;
  let high = start >>> 16;
  for (let at = 0; at < bytes.length;) {
    for (const stop = Math.min(at + reduceAfter, bytes.length); at < stop;) {
      low += bytes[at++] as number;
      high += low;
    }
    low %= modulus;
    high %= modulus;
  }
  return ((high << 16) | low) >>> 0;
}
