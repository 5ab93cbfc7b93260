import { existsSync } from 'node:fs';
import type { Catalogue } from '../src/artifact/catalogue.ts';
import type { Kernel } from '../src/artifact/kernel.ts';
import type { KernelArtifact } from '../src/artifact/kinds.ts';
import { livePaths, runningRelease } from '../src/source/live.ts';
import { kernelsByInterest } from './kernel-choice.ts';

/** A variable that makes a tool find what is in the mount. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  /** What there is to know about it, if anything. */
  readonly remark?: string;
}

/** A variable that some tool reads. */
interface KnownVariable {
  readonly name: string;
  /** The artifact that it leads to, which is also the path below the kernel's directory. */
  readonly artifact: KernelArtifact;
  /**
   * Where the tool finds it by itself, so that the variable is of no help. Only the running kernel's will do for
   * such an artifact; of headers, another kernel's are better than none.
   */
  readonly unless: readonly string[] | undefined;
}

const vmlinuxBtf = [`${livePaths.btf}/vmlinux`];

/**
 * The variables, with their readers: src/cc/frontends/clang/loader.cc of bcc, src/symbols/kernel.cpp and
 * src/btf.cpp of bpftrace, dwarves.c of pahole, pkg/btf/btf.go of tetragon, the BTF loader of tracee, and
 * helpers/kernel_config.go of libbpfgo.
 */
const knownVariables: readonly KnownVariable[] = [
  { name: 'BCC_KERNEL_SOURCE', artifact: 'build', unless: undefined },
  { name: 'BPFTRACE_KERNEL_SOURCE', artifact: 'build', unless: undefined },
  { name: 'BPFTRACE_BTF', artifact: 'btf/vmlinux', unless: vmlinuxBtf },
  { name: 'PAHOLE_VMLINUX_BTF_FILENAME', artifact: 'btf/vmlinux', unless: vmlinuxBtf },
  { name: 'TETRAGON_BTF', artifact: 'btf/vmlinux', unless: vmlinuxBtf },
  { name: 'TRACEE_BTF_FILE', artifact: 'btf/vmlinux', unless: vmlinuxBtf },
  {
    name: 'LIBBPFGO_KCONFIG_FILE',
    artifact: 'config.gz',
    unless: [...livePaths.config, `/boot/config-${runningRelease()}`],
  },
];

/** Whether a kernel has an artifact: `possible` when only making it would tell. */
type Ask = (kernel: Kernel, artifact: KernelArtifact) => Promise<'yes' | 'possible' | 'no'>;

/** Tells by what is known already; makes nothing. */
export const askEvidence: Ask = (kernel, artifact) => {
  const answers = { present: 'yes', possible: 'possible', none: 'no' } as const;
  return Promise.resolve(answers[kernel.evidence(artifact)]);
};

/** Makes what is only possible, to be sure. */
export const askByMaking: Ask = async (kernel, artifact) => {
  if (kernel.evidence(artifact) === 'none') return 'no';
  return (await kernel.artifact(artifact)).state === 'ready' ? 'yes' : 'no';
};

/**
 * The variables that help with these kernels on this system, and no others.
 * @param mountpoint where the tree is mounted, absolute
 */
export async function environmentOf(catalogue: Catalogue, mountpoint: string, ask: Ask): Promise<Variable[]> {
  const found: Variable[] = [];
  for (const { name, artifact, unless } of knownVariables) {
    if (unless?.some((path) => existsSync(path))) continue;
    const candidates = kernelsByInterest(catalogue).filter(
      ({ release }) => unless === undefined || release === catalogue.running,
    );
    const choice = await firstThatHas(candidates, artifact, ask);
    if (!choice) continue;
    const { kernel, certain } = choice;
    const remarks = [
      ...(certain ? [] : ['if its image has it, which the first use tells']),
      ...(kernel.release === runningRelease() ? [] : ['not the running kernel']),
    ];
    found.push({
      name,
      value: `${mountpoint}/${kernel.release}/${artifact}`,
      ...(remarks.length > 0 ? { remark: remarks.join('; ') } : {}),
    });
  }
  return found;
}

async function firstThatHas(
  kernels: readonly Kernel[],
  artifact: KernelArtifact,
  ask: Ask,
): Promise<{ readonly kernel: Kernel; readonly certain: boolean } | undefined> {
  let possible: Kernel | undefined;
  for (const kernel of kernels) {
    const answer = await ask(kernel, artifact);
    if (answer === 'yes') return { kernel, certain: true };
    if (answer === 'possible') possible ??= kernel;
  }
  return possible && { kernel: possible, certain: false };
}

/** A variable as a line for sh(1). */
export function exportLine({ name, value }: Variable): string {
  return `export ${name}=${shellWord(value)}`;
}

/** A text as one word of sh(1). */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
