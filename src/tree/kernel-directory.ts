import type { HeaderTree } from '../artifact/header-tree.ts';
import type { Kernel } from '../artifact/kernel.ts';
import type { Evidence } from '../artifact/kinds.ts';
import type { Outcome } from '../artifact/outcome.ts';
import { IkfsError } from '../errors.ts';
import { headerDirectory } from './header-directory.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryEntry, DirectoryNode, Node } from './node.ts';
import { directoryNode, fileNode, linkNode } from './nodes.ts';

/** The names in a kernel's directory, in the order in which they are listed. */
const names = [
  'version',
  'compiler',
  'config',
  'config.gz',
  'kheaders.tar.xz',
  'build',
  'source',
  'btf',
  'vmlinux',
  'modules.tsv',
] as const;

type Name = (typeof names)[number];

/** The directory of one kernel, named by its release. */
export function kernelDirectory(kernel: Kernel, inodes: Inodes): DirectoryNode {
  const at = kernel.release;
  const modified = kernel.modified();
  const inodeOf = (name: Name): number => inodes.of(`${at}/${name}`, stateOf(kernel, name));
  return directoryNode(inodes.of(at), modified, {
    list: () =>
      Promise.resolve(
        names.flatMap((name): DirectoryEntry[] =>
          evidenceOf(kernel, name) === 'none' ? [] : [{ name, kind: kindOf(name), inode: inodeOf(name) }],
        ),
      ),
    lookup: async (name) => (isName(name) ? await lookup(name) : undefined),
  });

  async function lookup(name: Name): Promise<Node | undefined> {
    if (evidenceOf(kernel, name) === 'none') return undefined;
    switch (name) {
      case 'source':
        return (await lookup('build')) && linkNode(inodeOf(name), modified, 'build');
      case 'btf':
        return btfDirectory(kernel, inodes, modified);
      case 'build':
        return await buildDirectory(kernel, inodes, modified);
      default:
        return artifactNode(inodeOf(name), modified, await kernel.artifact(name));
    }
  }
}

/** Names what is behind a name now: btf/ stays when the kernel's image is replaced, all else is another then. */
function stateOf(kernel: Kernel, name: Name): string {
  switch (name) {
    case 'btf':
      return '';
    case 'modules.tsv':
      return `${kernel.serial}.${kernel.moduleChanges()}`;
    default:
      return String(kernel.serial);
  }
}

function isName(name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

function kindOf(name: Name): Node['kind'] {
  if (name === 'source') return 'link';
  return name === 'build' || name === 'btf' ? 'directory' : 'file';
}

function evidenceOf(kernel: Kernel, name: Name): Evidence {
  switch (name) {
    case 'source':
      return kernel.evidence('build');
    case 'btf':
      return kernel.moduleNames().length > 0 ? 'present' : kernel.evidence('btf/vmlinux');
    default:
      return kernel.evidence(name);
  }
}

/** The node of what came of asking for an artifact. @throws IkfsError when it is there but broken */
function artifactNode(inode: number, modified: number, outcome: Outcome): Node | undefined {
  switch (outcome.state) {
    case 'ready':
      return fileNode(inode, outcome.provenance.modified || modified, outcome.content);
    case 'absent':
      return undefined;
    case 'failed':
      throw outcome.error;
  }
}

/** build/: the header tree. Whether it is there is known before it is unpacked, its names only after. */
async function buildDirectory(
  kernel: Kernel,
  inodes: Inodes,
  modified: number,
): Promise<DirectoryNode | undefined> {
  const inode = inodes.of(`${kernel.release}/build`, stateOf(kernel, 'build'));
  /** @throws IkfsError `not-found` when it turns out that there is none */
  const opened = async (): Promise<{ tree: HeaderTree; firstInode: number }> => {
    const tree = await kernel.headerTree();
    if (!tree) throw new IkfsError('not-found', 'has no header archive', { path: kernel.release });
    const firstInode = inodes.block(`${kernel.release}/build/`, String(kernel.serial), tree.size);
    return { tree, firstInode };
  };
  const top = async (): Promise<DirectoryNode> => {
    const { tree, firstInode } = await opened();
    return headerDirectory(tree, tree.top, firstInode);
  };
  if (kernel.evidence('build') === 'possible' && !(await kernel.headerTree())) return undefined;
  return directoryNode(inode, modified, {
    list: async () => await (await top()).list(),
    lookup: async (name) => await (await top()).lookup(name),
    whole: async () => {
      const { tree, firstInode } = await opened();
      const { index, size: nodes, tar: content, provenance } = tree;
      return { index, nodes, content, firstInode, modified: provenance.modified };
    },
  });
}

/** btf/: the kernel's BTF and that of every module. Listing it opens no module. */
function btfDirectory(kernel: Kernel, inodes: Inodes, modified: number): DirectoryNode {
  const at = `${kernel.release}/btf`;
  const inodeOf = (name: string): number =>
    inodes.of(`${at}/${name}`, `${kernel.serial}.${kernel.replacements(name)}`);
  return directoryNode(inodes.of(at), modified, {
    list: () => {
      const modules = kernel
        .moduleNames()
        .filter((name) => kernel.settled(`btf/${name}`)?.state !== 'absent');
      const all = kernel.evidence('btf/vmlinux') === 'none' ? modules : ['vmlinux', ...modules];
      return Promise.resolve(all.map((name) => ({ name, kind: 'file', inode: inodeOf(name) })));
    },
    lookup: async (name) => {
      if (name === 'vmlinux') {
        if (kernel.evidence('btf/vmlinux') === 'none') return undefined;
        return artifactNode(inodeOf(name), modified, await kernel.artifact('btf/vmlinux'));
      }
      if (!kernel.hasModule(name)) return undefined;
      return artifactNode(inodeOf(name), modified, await kernel.moduleBtf(name));
    },
  });
}
