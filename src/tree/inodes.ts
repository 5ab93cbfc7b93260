/**
 * Gives every path of the tree a number of its own, that it keeps as long as the process lives. Compilers tell
 * files apart by these numbers, so two paths never share one; and they stay below 2^32, which is all that some
 * transports carry.
 */
export class Inodes {
  /** 1 is the root's by custom; numbering goes on from there. */
  #next = 1;
  readonly #numbers = new Map<string, number>();

  /**
   * The number of a path and of what is behind it; the root is the empty path and must be asked for first to
   * become 1.
   * @param state names what is behind the path, where that may be replaced by something else while the path stays
   */
  of(path: string, state = ''): number {
    const key = state === '' ? path : `${path}\0${state}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#next;
      this.#next += 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The first of `count` numbers in a row, for a tree that numbers its own nodes. */
  block(path: string, state: string, count: number): number {
    const first = this.of(path, state);
    if (first === this.#next - 1) this.#next += count - 1;
    return first;
  }
}
