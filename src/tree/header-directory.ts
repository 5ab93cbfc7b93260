import type { HeaderDirectory, HeaderNode, HeaderTree } from '../artifact/header-tree.ts';
import type { DirectoryNode, Node } from './node.ts';
import { directoryNode, fileNode, linkNode } from './nodes.ts';

/**
 * A directory of the header tree.
 * @param firstInode the tree's nodes have the numbers from there on, by their own numbers
 */
export function headerDirectory(
  tree: HeaderTree,
  directory: HeaderDirectory,
  firstInode: number,
): DirectoryNode {
  const { modified } = tree.provenance;
  const inodeOf = (node: HeaderNode): number => firstInode + node.number;
  return directoryNode(inodeOf(directory), modified, {
    list: () =>
      Promise.resolve(
        [...tree.childrenOf(directory)].map((child) => ({
          name: child.name,
          kind: child.kind,
          inode: inodeOf(child),
        })),
      ),
    lookup: (name) => {
      const child = tree.childOf(directory, name);
      return Promise.resolve(child && nodeOf(child));
    },
  });

  function nodeOf(node: HeaderNode): Node {
    switch (node.kind) {
      case 'directory':
        return headerDirectory(tree, node, firstInode);
      case 'file':
        return fileNode(inodeOf(node), modified, tree.contentOf(node), node.mode);
      case 'link':
        return linkNode(inodeOf(node), modified, node.target);
    }
  }
}
