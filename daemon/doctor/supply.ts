import { contentBytes } from '../../src/artifact/content-source.ts';
import type { HeaderTree } from '../../src/artifact/header-tree.ts';
import type { Kernel } from '../../src/artifact/kernel.ts';
import type { KernelArtifact } from '../../src/artifact/kinds.ts';
import { asIkfsError, describeError } from '../../src/errors.ts';
import { describeAttempts } from '../attempts.ts';
import { openSession } from '../session.ts';
import type { Sources } from '../sources.ts';
import type { Keeping } from '../store.ts';

/** Whether ikfs can serve something of a kernel: where from, or why not. */
export type Supplied = { readonly source: string } | { readonly missing: string };

/** What ikfs can serve of one kernel. */
export interface Supply {
  readonly headers: Supplied;
  readonly config: Supplied;
  readonly btf: Supplied;
  /** What the header archive is like, where there is one. */
  readonly archive: ArchiveState | undefined;
  readonly configText: string | undefined;
  /** What compiled the kernel: `gcc (GCC) 15.3.0, GNU ld ...`. */
  readonly compiler: string | undefined;
  /** Why it could not be looked for at all. */
  readonly failure?: string;
}

/** What is in a header archive. */
export interface ArchiveState {
  readonly source: string;
  /** Header files in it. */
  readonly files: number;
  /** Links that lead out of it. */
  readonly strayLinks: number;
}

/** Whether ikfs has headers that serve clang for this kernel. What else than the archive can stand in, goes here. */
export function servesHeaders({ headers, archive }: Supply): boolean {
  return 'source' in headers && (archive?.files ?? 0) > 0;
}

/** What ikfs can serve of the kernel of that release. Makes what it takes to know; never throws. */
export async function supplyOf(release: string, sources: Sources, keeping: Keeping): Promise<Supply> {
  try {
    const session = await openSession({ ...sources, release }, keeping);
    try {
      const kernel = session.catalogue.kernels.get(release);
      return kernel ? await supplyOfKernel(kernel) : nothing(`no files of ${release} were found`);
    } finally {
      session.close();
    }
  } catch (error) {
    const failure = describeError(asIkfsError(error));
    return { ...nothing(failure), failure };
  }
}

async function supplyOfKernel(kernel: Kernel): Promise<Supply> {
  const headers = await supplied(kernel, 'build');
  const tree = 'source' in headers ? await kernel.headerTree() : undefined;
  return {
    headers,
    config: await supplied(kernel, 'config'),
    btf: await supplied(kernel, 'btf/vmlinux'),
    archive: tree && stateOf(tree),
    configText: await textOf(kernel, 'config'),
    compiler: (await textOf(kernel, 'compiler'))?.trim(),
  };
}

function nothing(missing: string): Supply {
  const none = { missing };
  return {
    headers: none,
    config: none,
    btf: none,
    archive: undefined,
    configText: undefined,
    compiler: undefined,
  };
}

async function supplied(kernel: Kernel, artifact: KernelArtifact): Promise<Supplied> {
  const outcome = await kernel.artifact(artifact);
  switch (outcome.state) {
    case 'ready':
      return { source: outcome.provenance.source };
    case 'absent':
      return { missing: describeAttempts(outcome.attempts) };
    case 'failed':
      return { missing: describeError(outcome.error) };
  }
}

async function textOf(kernel: Kernel, artifact: 'config' | 'compiler'): Promise<string | undefined> {
  const outcome = await kernel.artifact(artifact);
  return outcome.state === 'ready' ? (await contentBytes(outcome.content, artifact)).toString() : undefined;
}

function stateOf(tree: HeaderTree): ArchiveState {
  let files = 0;
  for (const folder of ['include', 'arch']) {
    for (const { path, file } of tree.filesBelow(folder))
      if (path.endsWith('.h') && file.size > 0) files += 1;
  }
  return { source: tree.provenance.source, files, strayLinks: tree.omittedLinks().length };
}
