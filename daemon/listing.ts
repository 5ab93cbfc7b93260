import { asIkfsError } from '../src/errors.ts';
import type { DirectoryNode, Node } from '../src/tree/node.ts';
import { formatTable } from './table.ts';

/** A name of the tree as `ls` shows it; what is undefined was not asked for. */
export interface Listed {
  readonly path: string;
  readonly kind: Node['kind'];
  /** Permission bits. */
  readonly mode?: number;
  /** In bytes; of files only. */
  readonly size?: number;
  /** Last modification, as in ISO 8601. */
  readonly modified?: string;
  /** Of links only. */
  readonly target?: string;
}

/** A name with all that stat(2) would tell. Makes what it takes to know the size. */
export async function describeNode(path: string, node: Node): Promise<Listed> {
  const { kind, mode } = node;
  const modified = new Date(node.modified).toISOString();
  switch (node.kind) {
    case 'file':
      return { path, kind, mode, size: await node.size(), modified };
    case 'link':
      return { path, kind, mode, modified, target: node.target };
    case 'directory':
      return { path, kind, mode, modified };
  }
}

/**
 * What is in a directory, in its order.
 * @param path of the directory; the names' paths begin with it
 * @param onEntry told how many entries have been described
 * @param onFailure told of each name that could not be described
 */
export async function describeEntries(
  directory: DirectoryNode,
  path: string,
  onEntry: (done: number, all: number) => void,
  onFailure: (thrown: unknown) => void,
): Promise<Listed[]> {
  const found: Listed[] = [];
  const entries = await directory.list();
  for (const [at, { name }] of entries.entries()) {
    const entryPath = joinPath(path, name);
    onEntry(at, entries.length);
    try {
      const node = await directory.lookup(name);
      // Only now it may be known that there is nothing behind the name.
      if (node) found.push(await describeNode(entryPath, node));
    } catch (thrown) {
      onFailure(asIkfsError(thrown));
    }
  }
  return found;
}

/** The path of a name in a directory of the tree, whose own path is empty for the root. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

const kindLetters: Readonly<Record<Node['kind'], string>> = { directory: 'd', file: '-', link: 'l' };

/** Type and permissions as ls(1) writes them: `-rw-r--r--`. */
function modeText({ kind, mode = 0 }: Listed): string {
  const bits = Array.from('rwxrwxrwx', (letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  return kindLetters[kind] + bits.join('');
}

/** A time in this machine's time zone, to the minute. */
function timeText(modified: string): string {
  const time = new Date(modified);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/**
 * The long form of `ls`, a line for each.
 * @param nameOf what to show of the path
 */
export function formatListing(entries: readonly Listed[], nameOf: (path: string) => string): string {
  return formatTable(
    [{ title: '' }, { title: '', align: 'right' }, { title: '' }, { title: '' }],
    entries.map((entry) => [
      modeText(entry),
      entry.size === undefined ? '-' : String(entry.size),
      timeText(entry.modified ?? ''),
      entry.target === undefined ? nameOf(entry.path) : `${nameOf(entry.path)} -> ${entry.target}`,
    ]),
  );
}
