/** Somebody who waits for a turn. */
interface Waiting {
  /** In bytes. */
  readonly need: number;
  readonly begin: () => void;
}

/**
 * Whether decoding may begin: as much as fits into memory goes on at the same time, and one in any case. Those who have to
 * wait begin in the order in which they came. Whoever has a turn must not wait for another.
 */
export class DecodingTurns {
  /** Whether so many bytes more are to be had; asked before each beginning that is not the only one. */
  fits: (bytes: number) => boolean = () => true;
  #running = 0;
  /** What those that are under way may take altogether, in bytes. */
  #needed = 0;
  readonly #waiting: Waiting[] = [];

  /** Decodes when it is its turn. @param need in bytes */
  take<T>(need: number, decode: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#waiting.push({
        need,
        begin: () => {
          resolve(this.#turn(need, decode));
        },
      });
      this.#beginNext();
    });
  }

  async #turn<T>(need: number, decode: () => Promise<T>): Promise<T> {
    try {
      return await decode();
    } finally {
      this.#running -= 1;
      this.#needed -= need;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      if (this.#running > 0 && !this.fits(this.#needed + next.need)) return;
      this.#waiting.shift();
      this.#running += 1;
      this.#needed += next.need;
      next.begin();
    }
  }
}

/** Those of this process. */
export const decodingTurns = new DecodingTurns();
