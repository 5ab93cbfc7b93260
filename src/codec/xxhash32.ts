/*
 * XXH32 with seed 0 (xxHash's doc/xxhash_spec.md, "XXH32 algorithm"), the checksum of LZ4 frames.
 */
import { Stripes } from './stripes.ts';

const stripe = 16;
const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotate = (value: number, count: number): number => (value << count) | (value >>> (32 - count));

/** Computes the XXH32 of bytes that come in pieces. */
export class Xxhash32 {
  readonly #lanes = Int32Array.of(prime1 + prime2, prime2, 0, -prime1);
  readonly #stripes = new Stripes(stripe, (view, start, end) => {
    this.#consume(view, start, end);
  });

  update(bytes: Uint8Array): void {
    this.#stripes.update(bytes);
  }

  /** The hash of everything so far, an unsigned 32-bit number. */
  digest(): number {
    const { rest, restLength, total } = this.#stripes;
    const [a, b, c, d] = this.#lanes as unknown as [number, number, number, number];
    let hash = total < stripe ? prime5 : rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    hash = (hash + total) | 0;
    let at = 0;
    for (; at + 4 <= restLength; at += 4) {
      const word = rest.getInt32(at, true);
      hash = Math.imul(rotate((hash + Math.imul(word, prime3)) | 0, 17), prime4);
    }
    for (; at < restLength; at += 1) {
      const byte = rest.getUint8(at);
      hash = Math.imul(rotate((hash + Math.imul(byte, prime5)) | 0, 11), prime1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  /** Takes the bytes from `start` up to `end`, a whole number of stripes, into the lanes. */
  #consume(view: DataView, start: number, end: number): void {
    for (let lane = 0; lane < 4; lane += 1) {
      let value = this.#lanes[lane] as number;
      for (let at = start + lane * 4; at < end; at += stripe) {
        value = Math.imul(rotate((value + Math.imul(view.getInt32(at, true), prime2)) | 0, 13), prime1);
      }
      this.#lanes[lane] = value;
    }
  }
}

/** The XXH32 of bytes that are all there. */
export function xxhash32(bytes: Uint8Array): number {
  const hash = new Xxhash32();
  hash.update(bytes);
  return hash.digest();
}
