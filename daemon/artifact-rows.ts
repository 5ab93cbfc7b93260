import type { Kernel } from '../src/artifact/kernel.ts';
import { kernelArtifacts } from '../src/artifact/kinds.ts';
import type { KernelArtifact } from '../src/artifact/kinds.ts';
import type { Outcome } from '../src/artifact/outcome.ts';
import { describeError } from '../src/errors.ts';
import { withoutSource } from './attempts.ts';
import { formatSize } from './format-size.ts';

/** Artifacts made from another one, so that they lack for the same reasons. */
const madeFrom: Readonly<Partial<Record<KernelArtifact, KernelArtifact>>> = {
  'config.gz': 'config',
  'auto.conf': 'config',
  'kernel.release': 'kheaders.tar.xz',
  build: 'kheaders.tar.xz',
  'headers-only.mk': 'kheaders.tar.xz',
  vmlinux: 'btf/vmlinux',
  'types/vmlinux.h': 'btf/vmlinux',
  'btf-flat/all': 'btf/vmlinux',
  'bpf-headers': 'btf/vmlinux',
};

/** What a name and a source do not tell. */
const remarks: Readonly<Partial<Record<KernelArtifact, string>>> = {
  'bpf-headers': 'made from BTF and configuration, for BPF programs only, never for modules',
};

/**
 * A kernel's artifacts that have been asked for: name, size or state, and where from or why not, line by line.
 * @param brokenImages those of the kernel's images whose fault is shown elsewhere
 */
export function artifactRows(kernel: Kernel, brokenImages: readonly string[]): string[][] {
  return kernelArtifacts.flatMap((artifact) => {
    const outcome = kernel.settled(artifact);
    if (!outcome) return [];
    const origin = madeFrom[artifact];
    const same = origin !== undefined && sameLack(outcome, kernel.settled(origin));
    const lines = same ? [`as ${origin}`] : describeOutcome(outcome, kernel.sources.images, brokenImages);
    const remark = outcome.state === 'ready' ? (remarks[artifact] ?? []) : [];
    return [...lines, remark]
      .flat()
      .map((line, at) => (at === 0 ? [artifact, sizeOrState(outcome), line] : ['', '', line]));
  });
}

function sameLack(outcome: Outcome, origin: Outcome | undefined): boolean {
  return (
    outcome.state !== 'ready' &&
    outcome.state === origin?.state &&
    JSON.stringify(outcome.attempts) === JSON.stringify(origin.attempts)
  );
}

function sizeOrState(outcome: Outcome): string {
  switch (outcome.state) {
    case 'ready':
      return formatSize(outcome.content.size);
    case 'absent':
      return 'absent';
    case 'failed':
      return 'broken';
  }
}

/**
 * Where it came from, or what each source said.
 * @param images the kernel's, whose layers are shown elsewhere
 */
function describeOutcome(
  outcome: Outcome,
  images: readonly string[],
  brokenImages: readonly string[],
): string[] {
  // Its path is shown already, and is long.
  const named = (source: string): string =>
    images.length === 1 && source === images[0] ? 'the image' : source;
  if (outcome.state === 'ready') {
    const { source, steps, derived } = outcome.provenance;
    const layers = images.includes(source) ? [] : steps.map(({ name }) => name);
    return [`${derived ? 'derived from ' : ''}${[named(source), ...layers].join(' > ')}`];
  }
  const tried = outcome.attempts.map(({ source, reason }) => {
    const why = brokenImages.includes(source) ? 'see above' : withoutSource(source, reason);
    return `${named(source)}: ${why}`;
  });
  if (tried.length > 0) return tried;
  return [
    outcome.state === 'failed' ? describeError(outcome.error) : 'there is no source that could have it',
  ];
}
