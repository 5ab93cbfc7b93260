/**
 * Random numbers that are the same in every run with the same seed, so that a failure can be had again. The
 * generator is xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003).
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    // The state 0 would stay 0.
    this.#state = seed >>> 0 || 1;
  }

  /** An integer from 0 up to but not `limit`. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % limit;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** One of the values, of which there must be one. */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new Error('nothing to pick from');
    return values[this.below(values.length)] as T;
  }
}
