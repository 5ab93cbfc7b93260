/* Split BTF written by hand: every field of it can be wrong. */
import { buildBtf } from '../format/btf-builder.ts';
import type { BtfSpec } from '../format/btf-builder.ts';

/** What split BTF is put on. */
export interface Ground {
  /** Number of the base's types with void: the id of the first of the split's own. */
  readonly types: number;
  /** Bytes of the base's strings: the offset of the first of the split's own. */
  readonly strings: number;
}

/** BTF_KIND_* of include/uapi/linux/btf.h. */
const kinds = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  const: 10,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declarationTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

/** KSYM_NAME_LEN of include/linux/kallsyms.h. */
const longestName = 512;

/** The strings of all that is written here. */
const texts = {
  int: 'int',
  thing: 'thing',
  mine: 'mine',
  spaced: 'not one',
  dotted: 'with.dot',
  section: '.data',
  longest: 'x'.repeat(longestName),
  tooLong: 'y'.repeat(longestName + 1),
} as const;
export type Text = keyof typeof texts;
export const strings = Object.values(texts)
  .map((text) => `${text}\0`)
  .join('');

const kindFlag = 1 << 31;

/** Writes split BTF for a base. Types 0 and 1 of its own are always `int` and `struct thing` of eight bytes. */
export class SplitBtf {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** The id of a type of its own. */
  id(own: number): number {
    return this.#ground.types + own;
  }

  /** The offset of a string. */
  text(text: Text): number {
    return this.#ground.strings + strings.indexOf(`${texts[text]}\0`);
  }

  /** The first offset at which there is no string. */
  get endOfStrings(): number {
    return this.#ground.strings + strings.length;
  }

  /**
   * The words of a type.
   * @param name a text, or the offset of one
   * @param size its size in bytes, or the id of what it refers to
   * @param length how many members or the like it has; where it has none, anything that is put there
   * @param more words that follow
   */
  type(
    kind: keyof typeof kinds,
    name: Text | number,
    size: number,
    length = 0,
    ...more: readonly number[]
  ): number[] {
    return [typeof name === 'number' ? name : this.text(name), (kinds[kind] << 24) | length, size, ...more];
  }

  /** The first two types and these. */
  of(types: readonly (readonly number[])[], spec: BtfSpec = {}): Buffer {
    const first = [...this.type('int', 'int', 4, 0, 32), ...this.type('struct', 'thing', 8)];
    return buildBtf({ types: wordsOf([...first, ...types.flat()]), strings, ...spec });
  }
}

/** The same type with its flag set. */
export function flagged([name = 0, info = 0, ...more]: readonly number[]): number[] {
  return [name, info | kindFlag, ...more];
}

/** Little-endian words of 32 bits; negative ones are taken for what they are without a sign. */
export function wordsOf(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => bytes.writeUInt32LE(word >>> 0, index * 4));
  return bytes;
}
