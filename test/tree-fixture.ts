import { memoryContent } from '../src/artifact/content.ts';
import type { Content } from '../src/artifact/content.ts';
import { headerTreeIndex } from '../src/artifact/header-tree-index.ts';
import { HeaderTree } from '../src/artifact/header-tree.ts';
import type { IkfsError } from '../src/errors.ts';
import type { ArchiveEntry } from '../src/format/archive-index.ts';
import { headerDirectory } from '../src/tree/header-directory.ts';
import type { DirectoryEntry, DirectoryNode, FileNode, LinkNode, Node } from '../src/tree/node.ts';

/** When everything in the fixture was last modified: 2024-01-02 03:04:05 UTC. */
export const fixtureModified = Date.UTC(2024, 0, 2, 3, 4, 5);

/** 1 is the root's in a mount, which a test gives it. */
let lastInode = 1;

/** What all nodes have; numbers are handed out in the order of making. */
function base(): { readonly inode: number; readonly modified: number } {
  return { inode: ++lastInode, modified: fixtureModified };
}

/** A directory of nodes in memory. Counts lookups, so that a test can see what was cached. */
export interface FixtureDirectory extends DirectoryNode {
  readonly lookups: readonly string[];
}

export function directory(children: Readonly<Record<string, Node>> = {}): FixtureDirectory {
  const nodes = new Map(Object.entries(children));
  const entries: readonly DirectoryEntry[] = [...nodes].map(([name, { kind, inode }]) => ({
    name,
    kind,
    inode,
  }));
  const lookups: string[] = [];
  return {
    ...base(),
    kind: 'directory',
    mode: 0o755,
    lookups,
    list: async () => entries,
    lookup: async (name) => {
      lookups.push(name);
      return nodes.get(name);
    },
  };
}

/**
 * A directory as of a header archive, which is known as a whole.
 * @param contents by path; a link as what it points at
 */
export function wholeDirectory(
  contents: Readonly<Record<string, string | { readonly target: string }>>,
): DirectoryNode {
  let tar = '';
  const entries = Object.entries(contents).map(([path, content]): ArchiveEntry => {
    const common = { path, mode: 0o644, size: 0, offset: 0, target: '' };
    if (typeof content !== 'string') return { ...common, kind: 'link', ...content };
    tar += content;
    const size = Buffer.byteLength(content);
    return { ...common, kind: 'file', size, offset: Buffer.byteLength(tar) - size };
  });
  const provenance = { source: 'fixture', steps: [], derived: false, modified: fixtureModified };
  const content = memoryContent(tar);
  const tree = new HeaderTree(headerTreeIndex(entries), content, provenance);
  const { index, size: nodes } = tree;
  const own = base();
  const firstInode = lastInode;
  lastInode += nodes;
  return {
    ...headerDirectory(tree, tree.top, firstInode),
    ...own,
    whole: async () => ({ index, nodes, content, firstInode, modified: fixtureModified }),
  };
}

export function file(bytes: Buffer | string, mode = 0o644): FileNode {
  const content = memoryContent(bytes);
  return {
    ...base(),
    kind: 'file',
    mode,
    volatile: false,
    size: async () => content.size,
    content: async () => content,
  };
}

export function link(target: string): LinkNode {
  return { ...base(), kind: 'link', mode: 0o777, target };
}

/** A file that can be listed and not be made. */
export function failingFile(error: IkfsError): FileNode {
  const fail = (): Promise<never> => Promise.reject(error);
  return { ...base(), kind: 'file', mode: 0o644, volatile: false, size: fail, content: fail };
}

/** A file that is made when the test says so, and once, however many ask for it: the promise that a tree gives. */
export interface SlowFile extends FileNode {
  /** How often it was begun to be made. */
  readonly made: number;
  finish(): void;
}

export function slowFile(bytes: Buffer | string): SlowFile {
  let made = 0;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let making: Promise<Content> | undefined;
  const make = (): Promise<Content> => {
    if (making === undefined) {
      made++;
      making = finished.then(() => memoryContent(bytes));
    }
    return making;
  };
  return {
    ...base(),
    kind: 'file',
    mode: 0o644,
    volatile: false,
    size: async () => (await make()).size,
    content: make,
    get made() {
      return made;
    },
    finish: () => {
      finish();
    },
  };
}

/** A file whose content is whatever `current` says at the time of asking. */
export function volatileFile(current: () => string): FileNode {
  const content = async (): Promise<Content> => memoryContent(current());
  return {
    ...base(),
    kind: 'file',
    mode: 0o644,
    volatile: true,
    size: async () => (await content()).size,
    content,
  };
}
