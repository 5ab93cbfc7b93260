import type { Catalogue } from '../src/artifact/catalogue.ts';
import type { Kernel } from '../src/artifact/kernel.ts';
import type { KernelArtifact } from '../src/artifact/kinds.ts';
import { IkfsError } from '../src/errors.ts';
import { choices } from './environment-choices.ts';
import { foundAlready } from './found-already.ts';
import type { FoundAlready } from './found-already.ts';
import { headerLacks } from './header-choice.ts';
import type { AskedKernel, HeaderKind, Knowledge } from './header-choice.ts';
import { kernelsByInterest } from './kernel-choice.ts';
import { assignmentLine } from './shell-lines.ts';

/** A variable that makes a tool find what ikfs shows. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  /** What there is to know about it, if anything. */
  readonly remark?: string;
}

/** A variable that some tool reads, with why it helps here, or why it does not. */
export interface Explanation {
  readonly name: string;
  /** The tools that read it. */
  readonly readers: string;
  /** Undefined when it is left out. */
  readonly value: string | undefined;
  readonly why: string;
  readonly remark?: string;
}

/** What the choice of variables depends on. */
export interface Circumstances {
  /** The kernels that variables may lead to, the running one first. */
  readonly kernels: readonly AskedKernel[];
  readonly system: FoundAlready;
  /** Which headers are wanted; the best there are unless given. */
  readonly wanted?: HeaderKind | undefined;
  /** Where an artifact is to be found. */
  readonly pathOf: (release: string, artifact: KernelArtifact) => string;
}

/** Every variable that some tool reads, in the order in which they are printed. */
export async function explainEnvironment(circumstances: Circumstances): Promise<Explanation[]> {
  const found: Explanation[] = [];
  for (const { name, readers, choose } of choices) {
    found.push({ name, readers, value: undefined, ...(await choose(circumstances)) });
  }
  return found;
}

/** Those that help. */
export function helpful(explanations: readonly Explanation[]): Variable[] {
  return explanations.flatMap(({ name, value, remark }) =>
    value === undefined ? [] : [{ name, value, ...(remark === undefined ? {} : { remark }) }],
  );
}

/**
 * Sees to it that a choice by hand is not passed over in silence.
 * @throws IkfsError `not-found` when no kernel has headers of the kind that is wanted
 */
export function requireHeaders(wanted: HeaderKind | undefined, variables: readonly Variable[]): void {
  if (wanted === undefined || variables.some(({ name }) => name === 'BCC_KERNEL_SOURCE')) return;
  throw new IkfsError('not-found', `no kernel here ${headerLacks[wanted]}`, {
    steps: [`--headers ${wanted}`],
  });
}

/** Whether a kernel has an artifact. */
type Ask = (kernel: Kernel, artifact: KernelArtifact) => Promise<Knowledge>;

/** Tells by what is known already; makes nothing. */
export const askEvidence: Ask = (kernel, artifact) => {
  const answers = { present: 'yes', possible: 'possible', none: 'no' } as const;
  return Promise.resolve(answers[kernel.evidence(artifact)]);
};

/** Makes what is only possible, to be sure. */
export const askByMaking: Ask = async (kernel, artifact) => {
  // Whether they can be made is known without making them.
  if (artifact === 'bpf-headers') return (await canMakeBpfHeaders(kernel)) ? 'yes' : 'no';
  const evidence = kernel.evidence(artifact);
  if (evidence !== 'possible') return evidence === 'none' ? 'no' : 'yes';
  return (await kernel.artifact(artifact)).state === 'ready' ? 'yes' : 'no';
};

async function canMakeBpfHeaders(kernel: Kernel): Promise<boolean> {
  for (const needed of ['btf/vmlinux', 'config'] as const) {
    if ((await kernel.artifact(needed)).state !== 'ready') return false;
  }
  return true;
}

/**
 * What variables have to do with these kernels on this system.
 * @param mountpoint where the tree is mounted, absolute
 * @param wanted which headers are wanted
 */
export function circumstancesOf(
  catalogue: Catalogue,
  mountpoint: string,
  ask: Ask,
  wanted?: HeaderKind,
): Circumstances {
  return {
    kernels: kernelsByInterest(catalogue).map((kernel) => ({
      release: kernel.release,
      has: (artifact) => ask(kernel, artifact),
    })),
    system: foundAlready(),
    wanted,
    pathOf: (release, artifact) => `${mountpoint}/${release}/${artifact}`,
  };
}

/**
 * The variables that help with these kernels on this system, and no others.
 * @param mountpoint where the tree is mounted, absolute
 */
export async function environmentOf(catalogue: Catalogue, mountpoint: string, ask: Ask): Promise<Variable[]> {
  return helpful(await explainEnvironment(circumstancesOf(catalogue, mountpoint, ask)));
}

/** A variable as a line for sh(1). */
export function exportLine(variable: Variable): string {
  return assignmentLine('sh', variable);
}
