import type { Shelf, Shelved } from './shelf.ts';

/**
 * Many short texts in one piece of memory instead of one object each, in the order given; none may contain a NUL. What is
 * not used for a while can be put aside.
 */
export class TextList {
  /** How many there are. */
  readonly size: number;
  /** Each with a NUL behind it, as UTF-8; undefined while they are put aside. */
  #bytes: Buffer | undefined;
  /** Once they have been put aside. */
  #shelved: Shelved | undefined;
  /** Where each begins, and the end; made when it is needed. */
  #starts: Uint32Array | undefined;

  constructor(texts: readonly string[]) {
    this.size = texts.length;
    this.#bytes = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  }

  /** The text at a place from 0 on. */
  at(place: number): string {
    const bytes = this.#unpacked();
    this.#starts ??= startsIn(bytes, this.size);
    return bytes.toString('utf8', this.#starts[place] ?? 0, (this.#starts[place + 1] ?? 1) - 1);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let place = 0; place < this.size; place += 1) yield this.at(place);
  }

  /** Whether another list has the same texts in the same order. */
  equals(other: TextList): boolean {
    return this.size === other.size && this.#unpacked().equals(other.#unpacked());
  }

  /** Puts the texts aside until they are asked for. */
  putAside(shelf: Shelf): void {
    if (this.#bytes) this.#shelved ??= shelf.put(this.#bytes);
    this.#bytes = undefined;
    this.#starts = undefined;
  }

  #unpacked(): Buffer {
    this.#bytes ??= this.#shelved?.read() ?? Buffer.alloc(0);
    return this.#bytes;
  }
}

/** Where each text begins, and behind the last NUL. */
function startsIn(bytes: Buffer, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let place = 1; place <= count; place += 1) starts[place] = bytes.indexOf(0, starts[place - 1]) + 1;
  return starts;
}
