import { IkfsError } from '../errors.ts';
import type { DirectoryNode, Node } from './node.ts';

/** As many links as are followed in one path. */
const maximumLinks = 40;

/**
 * The node at a path of the tree, following symbolic links as the kernel would.
 * @param path names separated by `/`, from the root; a leading `/` means nothing
 * @throws IkfsError `not-found`, `wrong-kind` when a file is used as a directory, and what making throws
 */
export async function nodeAt(root: DirectoryNode, path: string): Promise<Node> {
  const trail: DirectoryNode[] = [root];
  let node: Node = root;
  let links = 0;
  const pending = namesOf(path).reverse();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const here = trail.at(-1) ?? root;
    if (node !== here) throw new IkfsError('wrong-kind', 'is not a directory', { path });
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      node = trail.at(-1) ?? root;
      continue;
    }
    const next: Node | undefined = await here.lookup(name);
    if (!next) throw new IkfsError('not-found', 'there is no such file in the tree', { path });
    if (next.kind === 'link') {
      links += 1;
      if (links > maximumLinks) throw new IkfsError('corrupt', 'too many symbolic links', { path });
      pending.push(...namesOf(next.target).reverse());
      continue;
    }
    if (next.kind === 'directory') trail.push(next);
    node = next;
  }
  return node;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
