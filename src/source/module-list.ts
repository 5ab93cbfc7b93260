import { join } from 'node:path';
import type { Shelf } from '../bytes/shelf.ts';
import { TextList } from '../bytes/text-list.ts';
import { moduleNameOf } from '../format/module-name.ts';
import type { ModuleEntry } from './module-folder.ts';

/** A module's file as a walk finds it. */
export interface FoundModule {
  /** Number of its folder. */
  readonly folder: number;
  readonly file: string;
}

/** In the place of a folder's number: a module that lies in an archive. */
const inArchive = '-';

/** Modules that carry headers or a configuration are asked for whenever the state of a kernel is. */
const remembered = 8;

/**
 * The modules of a kernel by name, in the order of names. Thirty kernels have some 120,000, so each is a line of a text
 * and made into an entry when it is asked for.
 */
export class ModuleMap {
  /** For each module its folder's number, a slash, and its file's name or, where it lies in an archive, its own. */
  readonly #lines: TextList;
  readonly #folders: TextList;
  /** The first few that were asked for: who asks for the same again, time after time, does not have all unpacked. */
  readonly #asked = new Map<string, ModuleEntry | undefined>();
  /** Modules that lie in archives. */
  readonly #packed: ReadonlyMap<string, ModuleEntry>;

  /**
   * @param folders by number
   * @param files of which no two are of one name
   * @param packed modules in archives, of other names
   */
  constructor(
    folders: readonly string[],
    files: ReadonlyMap<string, FoundModule>,
    packed: readonly ModuleEntry[],
  ) {
    this.#folders = new TextList(folders);
    this.#packed = new Map(packed.map((entry) => [entry.name, entry]));
    const names = [...files.keys(), ...this.#packed.keys()].sort();
    this.#lines = new TextList(
      names.map((name) => {
        const found = files.get(name);
        return found ? `${found.folder}/${found.file}` : `${inArchive}/${name}`;
      }),
    );
  }

  get size(): number {
    return this.#lines.size;
  }

  /** The module of that name. */
  get(name: string): ModuleEntry | undefined {
    if (this.#asked.has(name)) return this.#asked.get(name);
    const entry = this.#find(name);
    if (this.#asked.size < remembered) this.#asked.set(name, entry);
    return entry;
  }

  #find(name: string): ModuleEntry | undefined {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (nameIn(this.#lines.at(middle)) < name) low = middle + 1;
      else high = middle;
    }
    if (low === this.size) return undefined;
    const line = this.#lines.at(low);
    return nameIn(line) === name ? this.#entry(line) : undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** The names, in order. */
  *keys(): Generator<string> {
    for (const line of this.#lines) yield nameIn(line);
  }

  /** The modules, in order of names. */
  *values(): Generator<ModuleEntry> {
    for (const line of this.#lines) yield this.#entry(line) as ModuleEntry;
  }

  /** Whether another list has the same modules at the same places. */
  equals(other: ModuleMap): boolean {
    return (
      this.#lines.equals(other.#lines) &&
      this.#folders.equals(other.#folders) &&
      [...this.#packed].every(([name, { path }]) => other.#packed.get(name)?.path === path)
    );
  }

  /** Takes less memory until it is asked again. */
  putAside(shelf: Shelf): void {
    this.#lines.putAside(shelf);
    this.#folders.putAside(shelf);
  }

  #entry(line: string): ModuleEntry | undefined {
    const name = nameIn(line);
    if (line.startsWith(inArchive)) return this.#packed.get(name);
    const slash = line.indexOf('/');
    const folder = this.#folders.at(Number(line.slice(0, slash)));
    return { name, path: join(folder, line.slice(slash + 1)) };
  }
}

function nameIn(line: string): string {
  const name = line.slice(line.indexOf('/') + 1);
  return line.startsWith(inArchive) ? name : moduleNameOf(name);
}
