import type { HeaderTree } from '../artifact/header-tree.ts';
import type { HeaderTreeName } from '../artifact/kernel-header-trees.ts';
import type { Kernel } from '../artifact/kernel.ts';
import { IkfsError } from '../errors.ts';
import { headerDirectory } from './header-directory.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryNode } from './node.ts';
import { directoryNode } from './nodes.ts';

/** The trees of headers that a kernel's directory has. */
interface Shape {
  readonly tree: (kernel: Kernel) => Promise<HeaderTree | undefined>;
  /** Whether there is one, where that can not be told by the kernel's files alone. Less work than having the tree. */
  readonly isThere: (kernel: Kernel) => Promise<boolean>;
  readonly isExposed: (kernel: Kernel) => boolean;
  /** What a kernel without it lacks. */
  readonly lack: string;
}

const ofArchive = {
  isThere: async (kernel: Kernel) => (await kernel.headers.build()) !== undefined,
  isExposed: (kernel: Kernel) => kernel.exposure.ofBuild(),
  lack: 'has no header archive',
};

const shapes = {
  /** The archive. */
  build: { ...ofArchive, tree: (kernel) => kernel.headers.build() },
  /** The same for clang. */
  clang: { ...ofArchive, tree: (kernel) => kernel.headers.clang() },
  /** Made of types. */
  'bpf-headers': {
    tree: (kernel) => kernel.headers.bpf(),
    isThere: (kernel) => kernel.canHaveBpfHeaders(),
    isExposed: (kernel) =>
      kernel.exposure.ofBpfHeaders(kernel.settled('btf/vmlinux'), kernel.settled('config')),
    lack: 'has no BTF and configuration to make headers of',
  },
} as const satisfies Readonly<Record<HeaderTreeName, Shape>>;

/** Whether a name in a kernel's directory is that of a tree of headers. */
export function isHeaderTree(name: string): name is HeaderTreeName {
  return Object.hasOwn(shapes, name);
}

/**
 * A tree of headers. Whether it is there is known before an archive is unpacked or anything made, its names only after.
 * @param state of what the tree is made from, to tell inode numbers of another one apart
 * @returns undefined when there is none
 */
export async function headerTreeDirectory(
  kernel: Kernel,
  name: HeaderTreeName,
  { inodes, state, modified }: { readonly inodes: Inodes; readonly state: string; readonly modified: number },
): Promise<DirectoryNode | undefined> {
  const shape = shapes[name];
  const inode = inodes.of(`${kernel.release}/${name}`, state);
  /** @throws IkfsError `not-found` when it turns out that there is none */
  const opened = async (): Promise<{ tree: HeaderTree; firstInode: number }> => {
    const tree = await shape.tree(kernel);
    if (!tree) throw new IkfsError('not-found', shape.lack, { path: kernel.release });
    const firstInode = inodes.block(`${kernel.release}/${name}/`, state, tree.size);
    return { tree, firstInode };
  };
  const top = async (): Promise<DirectoryNode> => {
    const { tree, firstInode } = await opened();
    return headerDirectory(tree, tree.top, firstInode);
  };
  const evidence = kernel.evidence(name === 'clang' ? 'build' : name);
  if (evidence === 'possible' && !(await shape.isThere(kernel))) return undefined;
  const content = {
    list: async () => await (await top()).list(),
    lookup: async (child: string) => await (await top()).lookup(child),
    whole: async () => {
      const { tree, firstInode } = await opened();
      const { index, size: nodes, tar, provenance } = tree;
      return { index, nodes, content: tar, firstInode, modified: provenance.modified };
    },
  };
  return directoryNode(inode, modified, content, shape.isExposed(kernel) ? 0o755 : 0o700);
}
