import type { Shelf } from '../bytes/shelf.ts';
import { TextList } from '../bytes/text-list.ts';
import type { DirectoryEntry, DirectoryNode } from '../tree/node.ts';

/** A name with the number of its node. */
export interface ListedName {
  readonly name: string;
  readonly inode: number;
}

/** The names in a directory as they were published, in little memory. */
export class Listing {
  /** The directory that has listed them. */
  readonly directory: DirectoryNode;
  readonly hasOnlyFiles: boolean;
  readonly #names: TextList;
  readonly #lowest: number;
  readonly #highest: number;
  /** The number of each, unless they follow one another from the lowest on. */
  readonly #inodes: Uint32Array | undefined;
  #isPutAside = false;

  constructor(directory: DirectoryNode, entries: readonly DirectoryEntry[]) {
    this.directory = directory;
    this.hasOnlyFiles = entries.every(({ kind }) => kind === 'file');
    this.#names = new TextList(entries.map(({ name }) => name));
    const inodes = Uint32Array.from(entries, ({ inode }) => inode);
    this.#lowest = inodes.reduce((least, inode) => Math.min(least, inode), Number.POSITIVE_INFINITY);
    this.#highest = inodes.reduce((most, inode) => Math.max(most, inode), 0);
    this.#inodes = inodes.every((inode, place) => inode === this.#lowest + place) ? undefined : inodes;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Whether the names have been put aside, and the session does not have them any more. */
  get isPutAside(): boolean {
    return this.#isPutAside;
  }

  /** The name of the node of that number, or undefined when it is none of these. */
  nameOf(inode: number): string | undefined {
    if (inode < this.#lowest || inode > this.#highest) return undefined;
    const place = this.#inodes ? this.#inodes.indexOf(inode) : inode - this.#lowest;
    return place < 0 ? undefined : this.#names.at(place);
  }

  *names(): Generator<ListedName> {
    for (let place = 0; place < this.size; place += 1) {
      yield { name: this.#names.at(place), inode: this.#inodes?.[place] ?? this.#lowest + place };
    }
  }

  /** Takes less memory until it is looked into. */
  putAside(shelf: Shelf): void {
    this.#isPutAside = true;
    this.#names.putAside(shelf);
  }
}
