import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BlobKey } from '../artifact/blob-store.ts';
import { mayRun, thisProcess } from './process-name.ts';

/*
 * Who uses the store. Each process has a folder there, with the process in its name; in it are its unfinished
 * files, and the keys of the blobs that it has in hand, one a line. The folder of a process that runs no more
 * counts for nothing, and is removed with all that is in it by whoever comes next.
 *
 * There is no flock(2) in this: Node has none, and a lock on each blob would take a descriptor for each.
 */
const listName = 'in-use';

/** For how long the list stays open for more, in milliseconds. */
const heldOpen = 100;

/** What this process has in hand in a store. */
export class Lease {
  /** For unfinished files; nobody else touches it while this process runs. */
  readonly folder: string;
  /** The first 52 bits of each key: as many as a number holds, and more than is needed to tell them apart. */
  readonly #noted = new Set<number>();
  /** What could not be written yet. */
  #pending = '';
  #descriptor: number | undefined;

  /** @throws system errors when nothing can be written there */
  constructor(leases: string) {
    this.folder = join(leases, `${thisProcess}-${randomBytes(6).toString('hex')}`);
    mkdirSync(this.folder, { mode: 0o700 });
  }

  /**
   * Notes that a blob is in use from now on. To be called before the blob is opened: see takeAway() in
   * eviction.ts. On a full disk the note is made up for later; until then only its age protects the blob.
   */
  note(key: BlobKey): void {
    const short = Number.parseInt(key.slice(0, 13), 16);
    if (this.#noted.has(short)) return;
    this.#noted.add(short);
    this.#pending += `${key}\n`;
    try {
      const count = writeSync(this.#open(), this.#pending);
      this.#pending = this.#pending.slice(count);
    } catch {
      // It stays pending.
    }
  }

  /** Gives everything back. */
  close(): void {
    this.#closeList();
    this.#noted.clear();
    removeQuietly(this.folder);
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor;
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const path = join(this.folder, listName);
    this.#descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    // A file that is open for writing would keep the file system from being made read-only.
    setTimeout(() => this.#closeList(), heldOpen).unref();
    return this.#descriptor;
  }

  #closeList(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** What all processes that may still run have in hand. What has been read once is read again when it has grown. */
export class Leases {
  readonly #folder: string;
  readonly #read = new Map<string, { readonly size: number; readonly keys: ReadonlySet<string> }>();

  /** @param folder of the leases */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether anybody may have that blob in hand at this moment. */
  holds(key: BlobKey): boolean {
    return this.all().some((keys) => keys.has(key));
  }

  /** The keys that each process may have in hand at this moment. */
  all(): readonly ReadonlySet<string>[] {
    return namesIn(this.#folder).flatMap((name) => this.#keysOf(name) ?? []);
  }

  /** Removes what processes have left behind that run no more; from now on they have nothing in hand. */
  sweep(): void {
    this.#read.clear();
    for (const name of namesIn(this.#folder)) if (!mayRun(name)) removeQuietly(join(this.#folder, name));
  }

  /** @returns undefined for a process that runs no more */
  #keysOf(name: string): ReadonlySet<string> | undefined {
    const known = this.#read.get(name);
    if (!known && !mayRun(name)) return undefined;
    const path = join(this.#folder, name, listName);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (known?.size === size) return known.keys;
    const keys = new Set(size === 0 ? [] : linesOf(path));
    this.#read.set(name, { size, keys });
    return keys;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n');
  } catch {
    return [];
  }
}

/** What can not be removed now, on a file system that has become read-only, is removed by another. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // As said.
  }
}
