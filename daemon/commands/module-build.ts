import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { notForModules } from '../../src/bpf-headers/plain-files.ts';
import { headersOnlyAnswer } from '../../src/artifact/make-headers-only.ts';
import type { HeaderTree } from '../../src/artifact/header-tree.ts';
import { missingKbuild } from '../../src/artifact/kbuild.ts';
import type { Kernel } from '../../src/artifact/kernel.ts';
import { IkfsError, asIkfsError } from '../../src/errors.ts';
import { describeAttempts } from '../attempts.ts';
import type { Command } from '../command.ts';
import { takeHeaderChoice } from '../header-choice.ts';
import { oneKernel } from '../kernel-choice.ts';
import { log } from '../log.ts';
import { compareCompilers } from '../module-build/compilers.ts';
import { makeRunnable } from '../module-build/host-programs.ts';
import { runMake } from '../module-build/make.ts';
import { prepareModuleBtf } from '../module-build/module-btf.ts';
import { WorkTree } from '../module-build/work-tree.ts';
import { sourceOptions } from '../options.ts';
import { openKernels } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';

export const moduleBuild: Command = {
  name: 'module-build',
  summary: "build a kernel module with the kernel's own build files",
  usage: ['module-build [OPTION...] DIR [-- MAKE-ARGUMENT...]'],
  description: [
    'Builds the module whose makefile is in DIR, as make -C build M=DIR modules does, for the running kernel or that of --release. What is made lands in DIR.',
    'The header archive must carry kbuild, which those of distributions for building modules do; the archive inside a kernel has headers only, and then this says so at once, as it does where there is only bpf-headers/. Nothing needs to be mounted.',
    "build/ is copied to a folder below TMPDIR, which is removed at the end, as programs that run while building (fixdep, modpost, objtool) may have to be built anew: those of another kind of machine are, if the archive has their sources. They run as you. A compiler of another version than the kernel's is pointed out.",
  ],
  options: sourceOptions,
  operands: { least: 1, most: Infinity },

  async run({ values: given, operands: [operand = '', ...makeArguments] }) {
    const { wanted, values } = takeHeaderChoice(given);
    if (wanted === 'btf') {
      throw new IkfsError('usage', 'no module can be built with headers made from BTF', {
        steps: ['--headers btf'],
      });
    }
    const folder = moduleFolder(operand);
    const session = await openKernels(sourcesOf(values), keepingOf(values));
    try {
      const kernel = oneKernel(session.catalogue);
      const tree = await treeWithKbuild(kernel);
      const workTree = await WorkTree.copy(session, kernel);
      try {
        await compareCompilers(workTree, makeArguments);
        await makeRunnable(tree, workTree, makeArguments);
        prepareModuleBtf(workTree);
        await runMake(workTree, [`M=${folder}`, 'modules', ...makeArguments]);
        return 0;
      } finally {
        workTree.remove();
      }
    } finally {
      session.close();
    }
  },
};

/** The folder of a module, absolute. @throws IkfsError `usage`, `not-found`, `wrong-kind`, `denied` */
function moduleFolder(operand: string): string {
  const folder = resolve(operand);
  try {
    if (!statSync(folder).isDirectory()) throw new IkfsError('wrong-kind', 'is not a directory');
    if (!['Kbuild', 'Makefile'].some((name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })))
      throw new IkfsError('not-found', 'has no Kbuild and no Makefile that would say what to build');
  } catch (error) {
    throw asIkfsError(error, { path: folder });
  }
  // kbuild's makefiles take words apart at these (Makefile: "source directory cannot contain spaces or colons").
  if (/[\s:]/.test(folder))
    throw new IkfsError('usage', 'make can not build in a path with spaces or colons', { path: folder });
  return folder;
}

/** @throws IkfsError `not-found` when there is no archive, or one without kbuild */
async function treeWithKbuild(kernel: Kernel): Promise<HeaderTree> {
  const { release } = kernel;
  const archive = await kernel.artifact('kheaders.tar.xz');
  const tree = await kernel.headers.build();
  if (!tree || archive.state !== 'ready') {
    const { message, advice } = notForModules(release);
    const reason = `no header archive: ${describeAttempts(archive.attempts)}`;
    if (kernel.evidence('bpf-headers') === 'none')
      throw new IkfsError('not-found', reason, { path: release, advice });
    throw new IkfsError('not-found', `${reason}; ${message}`, { path: release, advice });
  }
  const lacks = missingKbuild({ has: (path) => tree.find(path) !== undefined });
  if (lacks.length > 0) {
    const { message, advice } = headersOnlyAnswer(release, lacks);
    throw new IkfsError('not-found', message, { path: archive.provenance.source, advice });
  }
  for (const finding of kernel.findings.list()) log('info', finding);
  return tree;
}
