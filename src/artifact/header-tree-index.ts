import type { ArchiveEntry } from '../format/archive-index.ts';
import type { Companion } from './make-companions.ts';
import { encodeTreeIndex } from '../format/tree-index.ts';
import type { PlainTree } from '../format/tree-index.ts';
import { IkfsError } from '../errors.ts';

/**
 * The index of the tree that the entries of an archive unpack to. Every name in it is a single path component,
 * no name occurs twice in a directory, and every link is relative and leads to inside the tree: links that do
 * not are left out and listed.
 * @param entries as the archive has them
 * @param companions links that are added where the archive has nothing of that name
 * @returns as format/tree-index.ts encodes it
 * @throws IkfsError `corrupt` for names that are absolute, lead upwards or occur twice
 */
export function headerTreeIndex(
  entries: readonly ArchiveEntry[],
  companions: readonly Companion[] = [],
): Buffer {
  const omitted: string[] = [];
  const top: PlainDirectory = { kind: 'directory', children: new Map() };
  const directories = new Map([['', top]]);
  for (const entry of entries) {
    if (entry.kind === 'link' && !staysInside(entry.path, entry.target)) omitted.push(entry.path);
    else add(directories, entry);
  }
  const archive = { has: (path: string) => nodeAt(top, path) !== undefined };
  const chosen = companions.filter(({ goesWith }) => goesWith?.(archive) ?? true);
  for (const companion of chosen) addCompanion(top, companion);
  return encodeTreeIndex(top, omitted);
}

interface PlainDirectory {
  readonly kind: 'directory';
  readonly children: Map<string, PlainDirectory | Extract<PlainTree, { kind: 'file' | 'link' }>>;
}

/**
 * Puts an entry into its directory; those that the archive does not list are made.
 * @param directories by their paths, as far as entries have been put into them; the top has an empty one
 */
function add(directories: Map<string, PlainDirectory>, entry: ArchiveEntry): void {
  if (entry.path === '') return;
  const slash = entry.path.lastIndexOf('/');
  const name = entry.path.slice(slash + 1);
  const path = entry.path.slice(0, Math.max(slash, 0));
  let parent = directories.get(path);
  if (!parent || slash === 0) {
    parent = directoryOf(directories.get('') as PlainDirectory, entry.path.split('/').slice(0, -1), entry);
    directories.set(path, parent);
  }
  checkName(name, entry);
  const present = parent.children.get(name);
  if (present) {
    if (present.kind === 'directory' && entry.kind === 'directory') return;
    throw refused(entry, 'occurs twice');
  }
  parent.children.set(name, nodeOf(entry));
}

/** What the archive has at a path, undefined for nothing. */
function nodeAt(top: PlainDirectory, path: string): PlainTree | undefined {
  let node: PlainTree | undefined = top;
  for (const name of path.split('/')) node = node?.kind === 'directory' ? node.children.get(name) : undefined;
  return node;
}

/** A link beside what the archive has; what it has itself stays, and so does a file where the link's directory would be. */
function addCompanion(top: PlainDirectory, { path, target }: Companion): void {
  const names = path.split('/');
  const name = names.pop() as string;
  let directory = top;
  for (const each of names) {
    const next = directory.children.get(each) ?? { kind: 'directory', children: new Map() };
    if (next.kind !== 'directory') return;
    directory.children.set(each, next);
    directory = next;
  }
  if (!directory.children.has(name)) directory.children.set(name, { kind: 'link', target });
}

function directoryOf(top: PlainDirectory, names: readonly string[], entry: ArchiveEntry): PlainDirectory {
  let directory = top;
  for (const name of names) {
    checkName(name, entry);
    let next = directory.children.get(name);
    if (!next) {
      next = { kind: 'directory', children: new Map() };
      directory.children.set(name, next);
    }
    if (next.kind !== 'directory') throw refused(entry, `lies in ${name}, which is not a directory`);
    directory = next;
  }
  return directory;
}

function checkName(name: string, entry: ArchiveEntry): void {
  if (name === '' || name === '.' || name === '..') throw refused(entry, 'has a name that leads elsewhere');
  if (name.includes('\0') || Buffer.byteLength(name) > 255)
    throw refused(entry, 'has a name that no file can have');
}

function nodeOf(entry: ArchiveEntry): PlainDirectory | Extract<PlainTree, { kind: 'file' | 'link' }> {
  switch (entry.kind) {
    case 'directory':
      return { kind: 'directory', children: new Map() };
    case 'file':
      return { kind: 'file', mode: entry.mode & 0o755, size: entry.size, offset: entry.offset };
    case 'link':
      return { kind: 'link', target: entry.target };
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
