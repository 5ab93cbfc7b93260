import type { Content } from '../src/artifact/content.ts';
import { IkfsError } from '../src/errors.ts';
import type { DirectoryNode, Node } from '../src/tree/node.ts';
import { nodeAt } from '../src/tree/path.ts';
import { withProgress } from './progress.ts';

/**
 * The node at a path of the tree, with a progress line while it is being made.
 * @throws IkfsError as nodeAt
 */
export async function findNode(root: DirectoryNode, path: string): Promise<Node> {
  return await withProgress(`Making ${path}`, () => nodeAt(root, path));
}

/**
 * The content of the file at a path of the tree.
 * @throws IkfsError as nodeAt, and `wrong-kind` for a directory
 */
export async function findContent(root: DirectoryNode, path: string): Promise<Content> {
  const node = await findNode(root, path);
  if (node.kind !== 'file') throw new IkfsError('wrong-kind', `is a ${node.kind}`, { path });
  return await node.content();
}

/** A path of the tree as ikfs prints it: without slashes around it; empty for the root. */
export function plainPath(path: string): string {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
}
