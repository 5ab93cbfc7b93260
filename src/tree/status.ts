import type { Catalogue } from '../artifact/catalogue.ts';
import type { Kernel } from '../artifact/kernel.ts';
import { kernelArtifacts } from '../artifact/kinds.ts';
import type { Attempt, Outcome } from '../artifact/outcome.ts';
import type { Workshop } from '../artifact/workshop.ts';
import { describeError } from '../errors.ts';
import type { Step } from '../source/image.ts';

/** An artifact in status.json. */
export interface ArtifactStatus {
  /** `possible` until somebody asks for it; then what came of that. */
  readonly state: 'present' | 'possible' | 'ready' | 'absent' | 'failed';
  readonly size?: number;
  readonly source?: string;
  readonly steps?: readonly Step[];
  /** True when it was worked out from something else. */
  readonly derived?: boolean;
  readonly error?: string;
  /** Sources that did not have it, with the reason. */
  readonly tried?: readonly Attempt[];
}

/** A kernel in status.json. */
export interface KernelStatus {
  readonly release: string;
  readonly running: boolean;
  readonly images: readonly string[];
  readonly moduleFolders: readonly string[];
  /** Images with modules in their ramdisks. */
  readonly ramdisks: readonly string[];
  readonly artifacts: Readonly<Record<string, ArtifactStatus>>;
  /** Module BTFs that have been asked for, by what came of it. */
  readonly modules: { readonly ready: number; readonly absent: number; readonly failed: number };
  /** Modules whose BTF is there but broken, by name. */
  readonly failedModules: Readonly<Record<string, string>>;
  readonly findings: readonly string[];
}

/** The whole of status.json. */
export interface Status {
  readonly ikfs: string;
  readonly kernels: readonly KernelStatus[];
  readonly rejected: readonly Attempt[];
  /** Where what is made is kept: `disk: DIRECTORY` or `memory`. */
  readonly store: string;
  /** Why what is made now is kept in memory although it should be on disk; missing while it is not so. */
  readonly storeProblem?: string;
  /** What the process that reads images is fenced by, such as `seccomp`; nothing where there is no fence. */
  readonly fence: readonly string[];
  readonly counters: {
    /** Files opened and bytes read of inputs, and artifacts made, since the start. */
    readonly filesOpened: number;
    readonly bytesRead: number;
    readonly artifactsMade: number;
  };
  /** Requests of the transport by operation; empty without a mount. */
  readonly requests: Readonly<Record<string, number>>;
}

/** status.json is as long as a multiple of this, in bytes. */
const statusLength = 512;

/**
 * The text of status.json. Whoever reads it asks for its length first, and a counter may have grown by a digit when he
 * reads on: so there are spaces at its end that take up the difference.
 */
export function statusText(status: Status): string {
  const text = JSON.stringify(status, undefined, 2);
  const missing = statusLength - 1 - (Buffer.byteLength(text) % statusLength);
  return `${text}${' '.repeat(missing)}\n`;
}

/** The state of everything as it is now; nothing is made for it. */
export function statusOf(
  catalogue: Catalogue,
  workshop: Workshop,
  version: string,
  requests: Readonly<Record<string, number>>,
  fence: readonly string[],
): Status {
  const { description, problem } = workshop.store;
  return {
    ikfs: version,
    kernels: [...catalogue.kernels.values()].map((kernel) => kernelStatus(kernel, catalogue.running)),
    rejected: catalogue.rejected,
    store: description,
    ...(problem === undefined ? {} : { storeProblem: problem }),
    fence,
    counters: {
      filesOpened: workshop.reads.files,
      bytesRead: workshop.reads.bytes,
      artifactsMade: workshop.made.artifacts,
    },
    requests,
  };
}

function kernelStatus(kernel: Kernel, running: string | undefined): KernelStatus {
  const modules = { ready: 0, absent: 0, failed: 0 };
  const failedModules: Record<string, string> = {};
  for (const [name, outcome] of kernel.settledModules('btf')) {
    modules[outcome.state] += 1;
    if (outcome.state === 'failed') failedModules[name] = describeError(outcome.error);
  }
  return {
    release: kernel.release,
    running: kernel.release === running,
    images: kernel.sources.images,
    moduleFolders: kernel.sources.moduleFolders,
    ramdisks: kernel.sources.ramdisks,
    artifacts: Object.fromEntries(kernelArtifacts.map((name) => [name, artifactStatus(kernel, name)])),
    modules,
    failedModules,
    findings: kernel.findings.list(),
  };
}

function artifactStatus(kernel: Kernel, name: (typeof kernelArtifacts)[number]): ArtifactStatus {
  const outcome: Outcome | undefined = kernel.settled(name);
  const tried = outcome && outcome.attempts.length > 0 ? { tried: outcome.attempts } : {};
  switch (outcome?.state) {
    case undefined: {
      const evidence = kernel.evidence(name);
      return { state: evidence === 'none' ? 'absent' : evidence };
    }
    case 'ready': {
      const { source, steps, derived } = outcome.provenance;
      return {
        state: 'ready',
        size: outcome.content.size,
        source,
        steps,
        ...(derived ? { derived } : {}),
        ...tried,
      };
    }
    case 'absent':
      return { state: 'absent', ...tried };
    case 'failed':
      return { state: 'failed', error: describeError(outcome.error), ...tried };
  }
}
