import { posix } from 'node:path';
import { Shelf } from '../bytes/shelf.ts';
import { ShelvedMap } from '../bytes/shelved-map.ts';

/** The numbers of what is in a directory, by name and state. */
type Numbers = ShelvedMap<number>;

/** Directories with more names than this are put aside when others are asked for. */
const large = 64;

/** Large directories that are kept in memory, those that were asked for last: a program walks one after the other. */
const keptInMemory = 2;

/**
 * Gives every path of the tree a number of its own, that it keeps as long as the process lives. Compilers tell
 * files apart by these numbers, so two paths never share one; and they stay below 2^32, which is all that some
 * transports carry. Thirty kernels with their modules have some 100,000, so most are put aside at any time.
 */
export class Inodes {
  /** 1 is the root's by custom; numbering goes on from there. */
  #next = 1;
  readonly #directories = new Map<string, Numbers>();
  /** Paths of large directories that are in memory, the one that was asked for last at the end. */
  readonly #inMemory = new Set<string>();

  readonly #shelf: Shelf;

  /** @param shelf where directories are put aside that nobody asks for */
  constructor(shelf = new Shelf()) {
    this.#shelf = shelf;
  }

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

  /** Puts all large directories aside. */
  letGo(): void {
    for (const path of this.#inMemory) this.#directories.get(path)?.putAside(this.#shelf);
    this.#inMemory.clear();
  }

  #directory(path: string): Numbers {
    const numbers = this.#directories.get(path) ?? new ShelvedMap<number>();
    this.#directories.set(path, numbers);
    if (numbers.size > large) this.#noteUse(path);
    return numbers;
  }

  #noteUse(path: string): void {
    this.#inMemory.delete(path);
    this.#inMemory.add(path);
    if (this.#inMemory.size <= keptInMemory) return;
    const [oldest = ''] = this.#inMemory;
    this.#inMemory.delete(oldest);
    this.#directories.get(oldest)?.putAside(this.#shelf);
  }
}
