/*
 * XXH64 with seed 0 (xxHash specification, doc/xxhash_spec.md, "XXH64 algorithm"), whose low half is zstd's
 * checksum. BigInt is far too slow for the bulk of the data, so the four accumulators are pairs of 32-bit
 * halves; only the last steps use BigInt.
 */
import { Stripes } from './stripes.ts';

const stripe = 32;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

/** prime1 and prime2 in 16-bit pieces of their low half, and their high half. */
const [p1low0, p1low1, p1low, p1high] = [0xca87, 0x85eb, 0x85ebca87, 0x9e3779b1];
const [p2low0, p2low1, p2low, p2high] = [0xeb4f, 0x27d4, 0x27d4eb4f, 0xc2b2ae3d];

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, count: bigint): bigint => wrap((value << count) | (value >> (64n - count)));
const round = (accumulator: bigint, lane: bigint): bigint =>
  wrap(rotate(wrap(accumulator + lane * prime2), 31n) * prime1);

/** Computes the XXH64 of bytes that come in pieces. */
export class Xxhash64 {
  /** Low and high half of each of the four accumulators. */
  readonly #state = new Int32Array(8);
  readonly #stripes = new Stripes(stripe, (view, start, end) => {
    consumeStripes(this.#state, view, start, end);
  });

  constructor() {
    [prime1 + prime2, prime2, 0n, -prime1].forEach((start, index) => {
      this.#state[index * 2] = Number(BigInt.asIntN(32, start));
      this.#state[index * 2 + 1] = Number(BigInt.asIntN(32, start >> 32n));
    });
  }

  update(bytes: Uint8Array): void {
    this.#stripes.update(bytes);
  }

  /** The low 32 bits of the hash of everything so far, as zstd stores them. */
  low32(): number {
    const { rest: view, restLength, total } = this.#stripes;
    let hash = wrap(this.#merged() + BigInt(total));
    let at = 0;
    for (; at + 8 <= restLength; at += 8) {
      hash ^= round(0n, view.getBigUint64(at, true));
      hash = wrap(rotate(hash, 27n) * prime1 + prime4);
    }
    if (at + 4 <= restLength) {
      hash ^= wrap(BigInt(view.getUint32(at, true)) * prime1);
      hash = wrap(rotate(hash, 23n) * prime2 + prime3);
      at += 4;
    }
    for (; at < restLength; at += 1) {
      hash ^= wrap(BigInt(view.getUint8(at)) * prime5);
      hash = wrap(rotate(hash, 11n) * prime1);
    }
    hash = wrap((hash ^ (hash >> 33n)) * prime2);
    hash = wrap((hash ^ (hash >> 29n)) * prime3);
    return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
  }

  #merged(): bigint {
    if (this.#stripes.total < stripe) return prime5;
    const [a, b, c, d] = [0, 1, 2, 3].map((index) => {
      const low = BigInt((this.#state[index * 2] as number) >>> 0);
      return (BigInt((this.#state[index * 2 + 1] as number) >>> 0) << 32n) | low;
    }) as [bigint, bigint, bigint, bigint];
    const sum = rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n);
    return [a, b, c, d].reduce((hash, lane) => wrap((hash ^ round(0n, lane)) * prime1 + prime4), wrap(sum));
  }
}

/** Takes the bytes from `start` up to `end`, a whole number of stripes, into the accumulators. */
function consumeStripes(state: Int32Array, view: DataView, start: number, end: number): void {
  for (let lane = 0; lane < 4; lane += 1) {
    let low = state[lane * 2] as number;
    let high = state[lane * 2 + 1] as number;
    for (let at = start + lane * 8; at < end; at += stripe) {
      // accumulator += lane * prime2
      const inLow = view.getInt32(at, true);
      const inLow0 = inLow & 0xffff;
      const inLow1 = inLow >>> 16;
      let middle = inLow1 * p2low0 + ((inLow0 * p2low0) >>> 16);
      let carry = inLow0 * p2low1 + (middle & 0xffff);
      let productHigh = inLow1 * p2low1 + Math.floor(middle / 65536) + Math.floor(carry / 65536);
      productHigh += Math.imul(inLow, p2high) + Math.imul(view.getInt32(at + 4, true), p2low);
      const sum = (low >>> 0) + (Math.imul(inLow, p2low) >>> 0);
      low = sum | 0;
      high = (high + productHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
      // rotate left by 31
      const rotatedLow = (low << 31) | (high >>> 1);
      const rotatedHigh = (high << 31) | (low >>> 1);
      // accumulator *= prime1
      const low0 = rotatedLow & 0xffff;
      const low1 = rotatedLow >>> 16;
      middle = low1 * p1low0 + ((low0 * p1low0) >>> 16);
      carry = low0 * p1low1 + (middle & 0xffff);
      productHigh = low1 * p1low1 + Math.floor(middle / 65536) + Math.floor(carry / 65536);
      high = (productHigh + Math.imul(rotatedLow, p1high) + Math.imul(rotatedHigh, p1low)) | 0;
      low = Math.imul(rotatedLow, p1low);
    }
    state[lane * 2] = low;
    state[lane * 2 + 1] = high;
  }
}
