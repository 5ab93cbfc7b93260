import { contentBytes } from '../../src/artifact/content-source.ts';
import type { HeaderTree } from '../../src/artifact/header-tree.ts';
import type { Kernel } from '../../src/artifact/kernel.ts';
import type { KernelArtifact } from '../../src/artifact/kinds.ts';
import { asIkfsError, describeError } from '../../src/errors.ts';
import { describeAttempts } from '../attempts.ts';
import type { HeaderKind } from '../header-choice.ts';
import { headerKinds } from '../options.ts';
import { openSession } from '../session.ts';
import type { Sources } from '../sources.ts';
import type { Keeping } from '../store.ts';

/** Whether ikfs can serve something of a kernel: where from, or why not. */
export type Supplied = { readonly source: string } | { readonly missing: string };

/** What ikfs can serve of one kernel. */
export interface Supply {
  /** The header archive. */
  readonly headers: Supplied;
  /** What headers for BPF programs are made from. */
  readonly bpfHeaders: Supplied;
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

/**
 * The headers that ikfs has for this kernel and that serve clang: the archive's, else those made from BTF; undefined when
 * there are none.
 * @param wanted the only kind that will do
 */
export function servedHeaders(
  { headers, archive, bpfHeaders }: Supply,
  wanted?: HeaderKind,
): HeaderKind | undefined {
  const has = {
    archive: 'source' in headers && (archive?.files ?? 0) > 0,
    btf: 'source' in bpfHeaders,
  };
  return headerKinds.find((kind) => has[kind] && (wanted ?? kind) === kind);
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
  const tree = 'source' in headers ? await kernel.headers.build() : undefined;
  const config = await supplied(kernel, 'config');
  const btf = await supplied(kernel, 'btf/vmlinux');
  return {
    headers,
    // Both are needed; nothing is made of them to know that.
    bpfHeaders: 'source' in config ? btf : config,
    config,
    btf,
    archive: tree && stateOf(tree),
    configText: await textOf(kernel, 'config'),
    compiler: (await textOf(kernel, 'compiler'))?.trim(),
  };
}

function nothing(missing: string): Supply {
  const none = { missing };
  return {
    headers: none,
    bpfHeaders: none,
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
