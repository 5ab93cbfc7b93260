/** Lets lines through as long as there are not too many of them, and counts those that it holds back. */
export class LogFlow {
  readonly #burst: number;
  readonly #perSecond: number;
  /** How many may come at once now; grows with time. */
  #room: number;
  #last: number;
  #held = 0;

  /**
   * @param burst how many lines may come at once
   * @param perSecond how many may come in the long run
   * @param now milliseconds of any clock that does not go back
   */
  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#room = burst;
    this.#last = now;
  }

  /** Whether a line may be written now. @returns how many were held back before it, undefined when it is itself */
  take(now: number): number | undefined {
    this.#room = Math.min(this.#burst, this.#room + ((now - this.#last) / 1000) * this.#perSecond);
    this.#last = now;
    if (this.#room < 1) {
      this.#held += 1;
      return undefined;
    }
    this.#room -= 1;
    const held = this.#held;
    this.#held = 0;
    return held;
  }
}
