import type { Kernel } from '../artifact/kernel.ts';
import type { Evidence } from '../artifact/kinds.ts';
import { moduleArtifacts } from '../artifact/module-artifacts.ts';
import type { ModuleArtifact } from '../artifact/module-artifacts.ts';
import { headerTreeDirectory, isHeaderTree } from './header-tree-directory.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryEntry, DirectoryNode, Node } from './node.ts';
import { artifactNode, moduleDirectory } from './module-directory.ts';
import { directoryNode, linkNode } from './nodes.ts';

/** The names in a kernel's directory, in the order in which they are listed. */
const names = [
  'version',
  'compiler',
  'config',
  'config.gz',
  'auto.conf',
  'kernel.release',
  'kheaders.tar.xz',
  'build',
  'bpf-headers',
  'source',
  'headers-only.mk',
  'clang',
  'btf',
  'btf-flat',
  'types',
  'vmlinux',
  'vmlinux.h',
  'modules.tsv',
  'Module.symvers',
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
      case 'vmlinux.h':
        return linkNode(inodeOf(name), modified, 'types/vmlinux.h');
      case 'btf':
      case 'btf-flat':
      case 'types':
        return moduleDirectory(kernel, name, inodes, modified);
      case 'build':
      case 'clang':
      case 'bpf-headers':
        return await headerTreeDirectory(kernel, name, { inodes, state: stateOf(kernel, name), modified });
      default:
        return artifactNode(kernel, name, inodeOf(name), modified, await kernel.artifact(name));
    }
  }
}

/** Names what is behind a name now: directories of modules stay when the kernel's image is replaced, no more. */
function stateOf(kernel: Kernel, name: Name): string {
  switch (name) {
    case 'btf':
    case 'btf-flat':
    case 'types':
      return '';
    // What is made of all modules.
    case 'bpf-headers':
    case 'modules.tsv':
    case 'Module.symvers':
      return `${kernel.serial}.${kernel.moduleChanges()}`;
    default:
      return String(kernel.serial);
  }
}

function isName(name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

function kindOf(name: Name): Node['kind'] {
  if (name === 'source' || name === 'vmlinux.h') return 'link';
  return isHeaderTree(name) || isModuleArtifact(name) ? 'directory' : 'file';
}

function isModuleArtifact(name: string): name is ModuleArtifact {
  return (moduleArtifacts as readonly string[]).includes(name);
}

function evidenceOf(kernel: Kernel, name: Name): Evidence {
  switch (name) {
    case 'source':
    case 'clang':
      return kernel.evidence('build');
    case 'vmlinux.h':
    case 'types':
    case 'btf-flat':
      return kernel.evidence('types/vmlinux.h');
    case 'btf':
      return kernel.hasModules() ? 'present' : kernel.evidence('btf/vmlinux');
    default:
      return kernel.evidence(name);
  }
}
