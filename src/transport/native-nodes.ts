import type { Content } from '../artifact/content.ts';
import type { NativeContent, NativeNode } from '../native.ts';
import type { DirectoryEntry, DirectoryNode, FileNode, LinkNode } from '../tree/node.ts';

/* Nodes of the tree as a native session takes them. */

/** A directory, with its names where they are known. @param parent its node number */
export function directoryOf(
  directory: DirectoryNode,
  parent: number,
  names: readonly DirectoryEntry[] | undefined,
  id = directory.inode,
): NativeNode {
  const { mode, modified } = directory;
  return {
    id,
    kind: 'directory',
    settled: true,
    mode,
    modified,
    parent,
    ...(names === undefined ? {} : { names }),
  };
}

/** A node of which only the name is known. */
export function unsettled({ inode, kind }: DirectoryEntry, parent: number): NativeNode {
  const common = { id: inode, settled: false, mode: 0, modified: 0 };
  switch (kind) {
    case 'directory':
      return { ...common, kind, parent };
    case 'file':
      return { ...common, kind };
    case 'link':
      return { ...common, kind, target: '' };
  }
}

/** A file or link with all that it has. */
export async function settledLeaf(node: FileNode | LinkNode): Promise<NativeNode> {
  const common = { id: node.inode, settled: true, mode: node.mode, modified: node.modified };
  if (node.kind === 'link') return { ...common, kind: 'link', target: node.target };
  if (node.volatile) {
    // It is asked for anew before anything is told of it.
    return { ...common, kind: 'file', volatile: true, size: 0, content: { bytes: new Uint8Array() } };
  }
  const content = await node.content();
  return { ...common, kind: 'file', size: content.size, content: nativeContent(content) };
}

/** A volatile file with the bytes that it has now. */
export function snapshotOf(node: FileNode, bytes: Buffer): NativeNode {
  const { inode: id, mode, modified } = node;
  return {
    id,
    kind: 'file',
    settled: true,
    volatile: true,
    mode,
    modified,
    size: bytes.length,
    content: { bytes },
  };
}

/** Where content lies, as a session reads it. */
export function nativeContent(content: Content): NativeContent {
  switch (content.kind) {
    case 'memory':
      return { bytes: content.bytes };
    case 'descriptor':
      return { descriptor: content.descriptor, offset: content.offset };
    case 'file':
      return { path: content.path, offset: content.offset, identity: content.identity };
    case 'blob': {
      const { size, sums } = content.seal;
      return { path: content.path, offset: content.offset, seal: { size, sums } };
    }
  }
}
