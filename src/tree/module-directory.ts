import type { Kernel } from '../artifact/kernel.ts';
import type { KernelArtifact } from '../artifact/kinds.ts';
import type { ModuleArtifact } from '../artifact/module-artifacts.ts';
import type { Outcome } from '../artifact/outcome.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryNode, FileNode } from './node.ts';
import { directoryNode, fileNode } from './nodes.ts';

/** What is in a directory beside the files of modules, and how these are called. */
const shapes: Readonly<
  Record<
    ModuleArtifact,
    { readonly kernels: Readonly<Record<string, KernelArtifact>>; readonly suffix: string }
  >
> = {
  btf: { kernels: { vmlinux: 'btf/vmlinux' }, suffix: '' },
  'btf-flat': { kernels: { all: 'btf-flat/all' }, suffix: '' },
  types: { kernels: { 'vmlinux.h': 'types/vmlinux.h' }, suffix: '.h' },
};

/** A directory with a file for every module, and the kernel's own. Listing it opens no module. */
export function moduleDirectory(
  kernel: Kernel,
  artifact: ModuleArtifact,
  inodes: Inodes,
  modified: number,
): DirectoryNode {
  const at = `${kernel.release}/${artifact}`;
  const { kernels, suffix } = shapes[artifact];
  const inodeOf = (name: string): number => {
    const module = moduleOf(name, suffix);
    const replaced = module === undefined ? 0 : kernel.replacements(module);
    // What is made of all modules is another when one of them is.
    const changes = artifact === 'btf-flat' && name in kernels ? `.${kernel.moduleChanges()}` : '';
    return inodes.of(`${at}/${name}`, `${kernel.serial}.${replaced}${changes}`);
  };
  return directoryNode(inodes.of(at), modified, {
    list: () => {
      const made = kernel.settledModules(artifact);
      const ofKernel = Object.entries(kernels).filter(([, each]) => kernel.evidence(each) !== 'none');
      const ofModules = kernel
        .moduleNames()
        .filter((name) => made.get(name)?.state !== 'absent' && !(`${name}${suffix}` in kernels));
      const names = [...ofKernel.map(([name]) => name), ...ofModules.map((name) => `${name}${suffix}`)];
      return Promise.resolve(names.map((name) => ({ name, kind: 'file', inode: inodeOf(name) })));
    },
    lookup: async (name) => {
      const own = Object.hasOwn(kernels, name) ? kernels[name] : undefined;
      if (own !== undefined) {
        if (kernel.evidence(own) === 'none') return undefined;
        return artifactNode(kernel, own, inodeOf(name), modified, await kernel.artifact(own));
      }
      const module = moduleOf(name, suffix);
      if (module === undefined || !kernel.hasModule(module)) return undefined;
      const outcome = await kernel.moduleArtifact(artifact, module);
      return artifactNode(kernel, artifact, inodeOf(name), modified, outcome);
    },
  });
}

/** The module that a file is of, undefined when its name has not the suffix. */
function moduleOf(name: string, suffix: string): string | undefined {
  return name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : undefined;
}

/** The node of what came of asking for an artifact. @throws IkfsError when it is there but broken */
export function artifactNode(
  kernel: Kernel,
  artifact: KernelArtifact | ModuleArtifact,
  inode: number,
  modified: number,
  outcome: Outcome,
): FileNode | undefined {
  switch (outcome.state) {
    case 'ready': {
      const mode = kernel.exposure.of(artifact, outcome) ? 0o644 : 0o600;
      return fileNode(inode, outcome.provenance.modified || modified, outcome.content, mode);
    }
    case 'absent':
      return undefined;
    case 'failed':
      throw outcome.error;
  }
}
