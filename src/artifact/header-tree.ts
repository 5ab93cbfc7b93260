import type { ArchiveEntry } from '../format/archive-index.ts';
import { IkfsError } from '../errors.ts';
import { contentBytes } from './content-source.ts';
import { partOf } from './content.ts';
import type { Content } from './content.ts';
import type { Provenance } from './outcome.ts';

/** A directory of the header tree with its children by name, in the archive's order. */
export interface HeaderDirectory {
  readonly kind: 'directory';
  /** Number of the entry; unique in the tree. The root has the number of entries. */
  readonly number: number;
  readonly children: Map<string, HeaderNode>;
}

export interface HeaderFile {
  readonly kind: 'file';
  readonly number: number;
  readonly mode: number;
  readonly size: number;
  /** Offset of the bytes in the tar. */
  readonly offset: number;
}

export interface HeaderLink {
  readonly kind: 'link';
  readonly number: number;
  readonly target: string;
}

export type HeaderNode = HeaderDirectory | HeaderFile | HeaderLink;

/**
 * The unpacked header archive as a tree of names over one plain tar. Invariant: every name is a single path
 * component, no name occurs twice in a directory, and every link is relative and leads to inside the tree.
 */
export class HeaderTree {
  readonly root: HeaderDirectory;
  readonly provenance: Provenance;
  /** Numbers in use: every node's number is below it. */
  readonly size: number;
  /** Links left out because they lead out of the tree. */
  readonly omittedLinks: readonly string[];
  readonly #tar: Content;

  /**
   * @param entries as the archive has them
   * @param tar the plain tar that their offsets are in
   * @throws IkfsError `corrupt` for names that are absolute, lead upwards or occur twice
   */
  constructor(entries: readonly ArchiveEntry[], tar: Content, provenance: Provenance) {
    this.provenance = provenance;
    this.#tar = tar;
    const omitted: string[] = [];
    const builder = new Builder(entries.length);
    entries.forEach((entry, number) => {
      if (entry.kind === 'link' && !staysInside(entry.path, entry.target)) omitted.push(entry.path);
      else builder.add(entry, number);
    });
    this.root = builder.root;
    this.size = builder.numbers;
    this.omittedLinks = omitted;
  }

  /** The bytes of a file of this tree. */
  contentOf(file: HeaderFile): Content {
    return partOf(this.#tar, file.offset, file.size);
  }

  /** The node of that path (`include/linux/kconfig.h`); links are not followed. */
  find(path: string): HeaderNode | undefined {
    let node: HeaderNode | undefined = this.root;
    for (const name of path.split('/')) {
      if (node?.kind !== 'directory') return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** The bytes of the file of that path, or undefined when there is none. */
  async readFile(path: string): Promise<Buffer | undefined> {
    const node = this.find(path);
    return node?.kind === 'file' ? await contentBytes(this.contentOf(node), path) : undefined;
  }

  /** Every file below a directory of that path, with its path. */
  *filesBelow(path: string): Generator<{ readonly path: string; readonly file: HeaderFile }> {
    const start = this.find(path);
    const pending: [string, HeaderNode][] = start ? [[path, start]] : [];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [where, node] = next;
      if (node.kind === 'file') yield { path: where, file: node };
      if (node.kind === 'directory')
        for (const [name, child] of node.children) pending.push([`${where}/${name}`, child]);
    }
  }
}

/** Puts entries into directories, making those that the archive does not list. */
class Builder {
  readonly root: HeaderDirectory;
  numbers: number;

  constructor(entries: number) {
    this.root = { kind: 'directory', number: entries, children: new Map() };
    this.numbers = entries + 1;
  }

  add(entry: ArchiveEntry, number: number): void {
    if (entry.path === '') return;
    const names = entry.path.split('/');
    const name = names.pop() as string;
    const parent = this.#directory(names, entry);
    this.#checkName(name, entry);
    const present = parent.children.get(name);
    if (present) {
      if (present.kind === 'directory' && entry.kind === 'directory') return;
      throw refused(entry, 'occurs twice');
    }
    parent.children.set(name, nodeOf(entry, number));
  }

  #directory(names: readonly string[], entry: ArchiveEntry): HeaderDirectory {
    let directory = this.root;
    for (const name of names) {
      this.#checkName(name, entry);
      let next = directory.children.get(name);
      if (!next) {
        next = { kind: 'directory', number: this.numbers, children: new Map() };
        this.numbers += 1;
        directory.children.set(name, next);
      }
      if (next.kind !== 'directory') throw refused(entry, `lies in ${name}, which is not a directory`);
      directory = next;
    }
    return directory;
  }

  #checkName(name: string, entry: ArchiveEntry): void {
    if (name === '' || name === '.' || name === '..') throw refused(entry, 'has a name that leads elsewhere');
    if (name.includes('\0') || name.length > 255) throw refused(entry, 'has a name that no file can have');
  }
}

function nodeOf(entry: ArchiveEntry, number: number): HeaderNode {
  switch (entry.kind) {
    case 'directory':
      return { kind: 'directory', number, children: new Map() };
    case 'file':
      return { kind: 'file', number, mode: entry.mode & 0o755, size: entry.size, offset: entry.offset };
    case 'link':
      return { kind: 'link', number, target: entry.target };
  }
}

function refused(entry: ArchiveEntry, why: string): IkfsError {
  return new IkfsError('corrupt', `entry ${JSON.stringify(entry.path)} ${why}`, {
    steps: ['header archive'],
    offset: entry.offset,
  });
}

/** Whether a link's target, taken from the link's own directory, remains below the root of the tree. */
function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/')) return false;
  let depth = path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}
