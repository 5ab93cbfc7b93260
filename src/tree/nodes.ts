import { memoryContent } from '../artifact/content.ts';
import type { Content } from '../artifact/content.ts';
import type { DirectoryNode, FileNode, LinkNode, Node } from './node.ts';

/** A file whose content is known. */
export function fileNode(inode: number, modified: number, content: Content, mode = 0o644): FileNode {
  return {
    kind: 'file',
    inode,
    mode,
    modified,
    volatile: false,
    size: () => Promise.resolve(content.size),
    content: () => Promise.resolve(content),
  };
}

/** A file that is written anew each time it is looked at. */
export function volatileNode(inode: number, text: () => string): FileNode {
  return {
    kind: 'file',
    inode,
    mode: 0o644,
    get modified() {
      return Date.now();
    },
    volatile: true,
    size: () => Promise.resolve(Buffer.byteLength(text())),
    content: () => Promise.resolve(memoryContent(text())),
  };
}

/** A symbolic link. @param target relative, and inside the tree */
export function linkNode(inode: number, modified: number, target: string): LinkNode {
  return { kind: 'link', inode, mode: 0o777, modified, target };
}

/** A directory that is asked each time. */
export function directoryNode(
  inode: number,
  modified: number,
  content: Pick<DirectoryNode, 'list' | 'lookup' | 'whole'>,
  mode = 0o755,
): DirectoryNode {
  return { kind: 'directory', inode, mode, modified, ...content };
}

/** A directory whose nodes are all there already. */
export function fixedDirectory(
  inode: number,
  modified: number,
  children: ReadonlyMap<string, Node>,
): DirectoryNode {
  const entries = [...children].map(([name, { kind, inode: number }]) => ({ name, kind, inode: number }));
  return directoryNode(inode, modified, {
    list: () => Promise.resolve(entries),
    lookup: (name) => Promise.resolve(children.get(name)),
  });
}
