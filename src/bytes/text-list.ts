import { pack, unpack } from './packed.ts';

/**
 * Many short texts in one piece of memory instead of one object each, in the order given; none may contain a NUL. What is
 * not used for a while can be packed to about a fifth.
 */
export class TextList {
  /** How many there are. */
  readonly size: number;
  /** Each with a NUL behind it, as UTF-8; undefined while they are packed. */
  #bytes: Buffer | undefined;
  #packed: Uint8Array | undefined;
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

  /** Keeps the texts compressed until they are asked for. */
  pack(): void {
    if (this.#bytes) this.#packed = pack(this.#bytes);
    this.#bytes = undefined;
    this.#starts = undefined;
  }

  #unpacked(): Buffer {
    this.#bytes ??= unpack(this.#packed ?? new Uint8Array());
    this.#packed = undefined;
    return this.#bytes;
  }
}

/** Where each text begins, and behind the last NUL. */
function startsIn(bytes: Buffer, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let place = 1; place <= count; place += 1) starts[place] = bytes.indexOf(0, starts[place - 1]) + 1;
  return starts;
}
