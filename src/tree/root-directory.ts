import type { Catalogue } from '../artifact/catalogue.ts';
import { memoryContent } from '../artifact/content.ts';
import { Inodes } from './inodes.ts';
import { kernelDirectory } from './kernel-directory.ts';
import type { DirectoryNode, Node } from './node.ts';
import { fileNode, fixedDirectory, linkNode, volatileNode } from './nodes.ts';
import { sysrootDirectory, sysrootName } from './sysroot-directory.ts';
import { readmeText } from './readme.ts';

/**
 * The root of the tree: README, status.json, `running`, and a directory for each kernel.
 * @param place where the tree is mounted, for the README
 * @param status the text of status.json as it is now
 * @param inodes the numbers given so far, when this is another state of a tree that is shown already
 */
export function rootDirectory(
  catalogue: Catalogue,
  place: string,
  status: () => string,
  inodes = new Inodes(),
): DirectoryNode {
  const inode = inodes.of('');
  const modified = Math.max(0, ...[...catalogue.kernels.values()].map((kernel) => kernel.modified()));
  const releases = [...catalogue.kernels.keys()];
  const readme = readmeText(place, releases, catalogue.running);
  const children = new Map<string, Node>([
    ['README', fileNode(inodes.of('README', readme), modified, memoryContent(readme))],
    ['status.json', volatileNode(inodes.of('status.json'), status)],
  ]);
  if (catalogue.running !== undefined) {
    children.set('running', linkNode(inodes.of('running', catalogue.running), modified, catalogue.running));
  }
  children.set(sysrootName, sysrootDirectory(catalogue, modified, inodes));
  for (const [release, kernel] of catalogue.kernels) children.set(release, kernelDirectory(kernel, inodes));
  return fixedDirectory(inode, modified, children);
}
