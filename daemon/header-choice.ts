import type { KernelArtifact } from '../src/artifact/kinds.ts';

/** Whether a kernel has an artifact: `possible` when only making it would tell. */
export type Knowledge = 'yes' | 'possible' | 'no';

/** What can be asked of a kernel, wherever the answer comes from. */
export interface AskedKernel {
  readonly release: string;
  has(artifact: KernelArtifact): Promise<Knowledge>;
}

/** The artifacts that tools take for a header tree, the best first. */
const headerTrees = ['build'] as const satisfies readonly KernelArtifact[];

/** The header tree that tools are led to. */
export interface HeaderChoice {
  readonly artifact: (typeof headerTrees)[number];
  readonly certain: boolean;
}

/** The best header tree that a kernel has; undefined when it has none. */
export async function chooseHeaders(kernel: AskedKernel): Promise<HeaderChoice | undefined> {
  for (const artifact of headerTrees) {
    const answer = await kernel.has(artifact);
    if (answer !== 'no') return { artifact, certain: answer === 'yes' };
  }
  return undefined;
}
