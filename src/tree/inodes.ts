import { posix } from 'node:path';
import { pack, unpack } from '../bytes/packed.ts';

/** The numbers of what is in a directory, by name and state; as compressed JSON while they are packed. */
type Numbers = Map<string, number> | Uint8Array;

/** Directories with more names than this are packed when others are asked for. */
const large = 64;

/** Large directories that are kept unpacked, those that were asked for last: a program walks one after the other. */
const keptUnpacked = 2;

/**
 * Gives every path of the tree a number of its own, that it keeps as long as the process lives. Compilers tell
 * files apart by these numbers, so two paths never share one; and they stay below 2^32, which is all that some
 * transports carry. Thirty kernels with their modules have some 100,000, so most are packed at any time.
 */
export class Inodes {
  /** 1 is the root's by custom; numbering goes on from there. */
  #next = 1;
  readonly #directories = new Map<string, Numbers>();
  /** Paths of large directories that are not packed, the one that was asked for last at the end. */
  readonly #unpacked = new Set<string>();

  /**
   * The number of a path and of what is behind it; the root is the empty path and must be asked for first to
   * become 1.
   * @param state names what is behind the path, where that may be replaced by something else while the path stays
   */
  of(path: string, state = ''): number {
    const name = posix.basename(path);
    const key = state === '' ? name : `${name}\0${state}`;
    const numbers = this.#directory(posix.dirname(path));
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.#next;
      this.#next += 1;
      numbers.set(key, number);
    }
    return number;
  }

  /** The first of `count` numbers in a row, for a tree that numbers its own nodes. */
  block(path: string, state: string, count: number): number {
    // Not the path's own number: the tree is what is behind it.
    const first = this.of(posix.join(path, '.tree'), state);
    if (first === this.#next - 1) this.#next += count - 1;
    return first;
  }

  /** Packs all large directories. */
  letGo(): void {
    for (const path of this.#unpacked) this.#pack(path);
    this.#unpacked.clear();
  }

  #directory(path: string): Map<string, number> {
    let numbers = this.#directories.get(path) ?? new Map<string, number>();
    if (!(numbers instanceof Map))
      numbers = new Map(JSON.parse(unpack(numbers).toString()) as [string, number][]);
    this.#directories.set(path, numbers);
    if (numbers.size > large) this.#noteUse(path);
    return numbers;
  }

  #noteUse(path: string): void {
    this.#unpacked.delete(path);
    this.#unpacked.add(path);
    if (this.#unpacked.size <= keptUnpacked) return;
    const [oldest = ''] = this.#unpacked;
    this.#unpacked.delete(oldest);
    this.#pack(oldest);
  }

  #pack(path: string): void {
    const numbers = this.#directories.get(path);
    if (numbers instanceof Map) this.#directories.set(path, pack(JSON.stringify([...numbers])));
  }
}
