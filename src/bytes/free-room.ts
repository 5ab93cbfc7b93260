/** A range of a file, in bytes. */
export interface Room {
  readonly start: number;
  readonly length: number;
}

/** Which ranges of a file are in use: from its start up to an end that moves, but for the gaps that were given back. */
export class FreeRoom {
  /** In order, none beside another, all below the end. */
  #gaps: Room[] = [];
  #end = 0;

  /** How long the file is, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** A range that nobody uses: in the first gap that is large enough, else at the end. */
  take(length: number): Room {
    const at = this.#gaps.findIndex((gap) => gap.length >= length);
    const gap = this.#gaps[at];
    if (gap === undefined) {
      this.#end += length;
      return { start: this.#end - length, length };
    }
    const left = gap.length - length;
    this.#gaps.splice(at, 1, ...(left > 0 ? [{ start: gap.start + length, length: left }] : []));
    return { start: gap.start, length };
  }

  /** Gives a range back that was taken. */
  give(room: Room): void {
    const gaps: Room[] = [];
    for (const next of [...this.#gaps, room].sort((a, b) => a.start - b.start)) {
      const last = gaps.at(-1);
      if (last && last.start + last.length === next.start) {
        gaps[gaps.length - 1] = { start: last.start, length: last.length + next.length };
      } else gaps.push(next);
    }
    const last = gaps.at(-1);
    if (last && last.start + last.length === this.#end) {
      this.#end = last.start;
      gaps.pop();
    }
    this.#gaps = gaps;
  }
}
