import type { KernelArtifact } from '../src/artifact/kinds.ts';
import type { Circumstances, Explanation } from './environment.ts';
import { versionCodeOf } from './found-already.ts';
import { chooseHeaders, headerLacks } from './header-choice.ts';
import type { HeaderChoice } from './header-choice.ts';

/** What is decided about a variable: its value, if it helps, and why. */
type Decision = Pick<Explanation, 'why' | 'remark'> & { readonly value?: string };

/** A variable and how it is decided upon. */
interface Choice {
  readonly name: string;
  readonly readers: string;
  readonly choose: (circumstances: Circumstances) => Decision | Promise<Decision>;
}

/** The variables that lead to the running kernel's types, with their readers. */
const ofTypes = {
  BPFTRACE_BTF: 'bpftrace',
  PAHOLE_VMLINUX_BTF_FILENAME: 'pahole',
  TETRAGON_BTF: 'tetragon',
  TRACEE_BTF_FILE: 'tracee',
  BTF_FILE_PATH: 'eunomia-bpf',
};

/**
 * The variables, with their readers: src/cc/frontends/clang/{loader,kbuild_helper}.cc of bcc, src/symbols/kernel.cpp
 * and src/btf.cpp of bpftrace, dwarves.c of pahole, pkg/btf/btf.go of tetragon, the BTF loader of tracee,
 * helpers/kernel_config.go of libbpfgo, and the loader of eunomia-bpf.
 */
export const choices: readonly Choice[] = [
  { name: 'BCC_KERNEL_SOURCE', readers: 'bcc', choose: (given) => headers(given, bccWithout) },
  { name: 'BPFTRACE_KERNEL_SOURCE', readers: 'bpftrace', choose: (given) => headers(given, bpftraceWithout) },
  ...Object.entries(ofTypes).map(([name, readers]): Choice => ({ name, readers, choose: kernelBtf })),
  { name: 'LIBBPFGO_KCONFIG_FILE', readers: 'libbpfgo, tracee', choose: config },
  { name: 'BCC_LINUX_VERSION_CODE', readers: 'bcc', choose: versionCode },
  { name: 'ARCH', readers: 'bcc, bpftrace', choose: architecture },
  {
    name: 'BPFTRACE_VMLINUX',
    readers: 'bpftrace',
    choose: () => ({ why: "it wants an ELF file with symbols; ikfs' vmlinux has types only" }),
  },
];

const notRunning = 'not the running kernel';
const notCertain = 'if its image has it, which the first use tells';
const madeFromBtf = 'made from BTF, for BPF programs only';

/** A remark out of those that apply. */
function remarking(remarks: readonly (string | false)[]): Pick<Decision, 'remark'> {
  const text = remarks.filter((remark) => remark !== false).join('; ');
  return text === '' ? {} : { remark: text };
}

/** Why bcc needs to be led to headers. */
function bccWithout({ system }: Circumstances): string {
  return system.archive === undefined
    ? `there are no headers at /lib/modules/${system.release}/build`
    : `bcc would unpack ${system.archive} into /tmp`;
}

function bpftraceWithout({ system }: Circumstances): string {
  return `there are no headers at /lib/modules/${system.release}/build, and bpftrace unpacks no archive`;
}

/** Of headers, another kernel's are better than none. */
async function headersOf({
  kernels,
  wanted,
}: Circumstances): Promise<(HeaderChoice & { readonly release: string }) | undefined> {
  let possible: (HeaderChoice & { readonly release: string }) | undefined;
  for (const kernel of kernels) {
    const choice = await chooseHeaders(kernel, wanted);
    if (choice?.certain) return { ...choice, release: kernel.release };
    if (choice) possible ??= { ...choice, release: kernel.release };
  }
  return possible;
}

/** Why there is no header tree to lead tools to. */
function lackOf({ wanted }: Circumstances): string {
  return `no kernel here ${wanted === undefined ? 'has headers, nor BTF to make them from' : headerLacks[wanted]}`;
}

async function headers(
  circumstances: Circumstances,
  without: (circumstances: Circumstances) => string,
): Promise<Decision> {
  const { system, wanted, pathOf } = circumstances;
  if (system.headers !== undefined && wanted === undefined)
    return { why: `the tool finds ${system.headers} by itself` };
  const choice = await headersOf(circumstances);
  if (!choice) return { why: lackOf(circumstances) };
  return {
    value: pathOf(choice.release, choice.artifact),
    why: wanted === undefined ? without(circumstances) : `--headers ${wanted} says so`,
    ...remarking([
      choice.kind === 'btf' && madeFromBtf,
      !choice.certain && notCertain,
      choice.release !== system.release && notRunning,
    ]),
  };
}

/** Only the running kernel's artifact will do. */
async function ofRunning(
  { kernels, system, pathOf }: Circumstances,
  artifact: KernelArtifact,
  why: string,
): Promise<Decision> {
  const kernel = kernels.find(({ release }) => release === system.release);
  const answer = (await kernel?.has(artifact)) ?? 'no';
  if (answer === 'no') return { why: `ikfs has no ${artifact} of the running kernel` };
  return {
    value: pathOf(system.release, artifact),
    why,
    ...remarking([answer === 'possible' && notCertain]),
  };
}

async function kernelBtf(circumstances: Circumstances): Promise<Decision> {
  const { btf } = circumstances.system;
  if (btf !== undefined) return { why: `the tool finds ${btf} by itself` };
  return await ofRunning(circumstances, 'btf/vmlinux', 'the kernel shows no types in /sys/kernel/btf');
}

async function config(circumstances: Circumstances): Promise<Decision> {
  const { config: path, release } = circumstances.system;
  if (path !== undefined) return { why: `the tool finds ${path} by itself` };
  return await ofRunning(
    circumstances,
    'config.gz',
    `there is neither /proc/config.gz nor /boot/config-${release}`,
  );
}

/** Kernels before this one load a program for kprobes only if it was compiled for their version (bpf_prog_load). */
const versionChecked = versionCodeOf('5.0');

async function versionCode(circumstances: Circumstances): Promise<Decision> {
  const { system } = circumstances;
  if (system.versionCode >= versionChecked)
    return { why: 'this kernel loads programs of all versions, as all do since 5.0' };
  if (system.headers !== undefined && circumstances.wanted === undefined)
    return { why: 'the headers are those of the running kernel' };
  const choice = await headersOf(circumstances);
  if (!choice) return { why: lackOf(circumstances) };
  if (choice.release === system.release) return { why: 'the headers are those of the running kernel' };
  return {
    value: String(system.versionCode),
    why: `programs would be compiled for ${choice.release}, and this kernel would refuse them`,
  };
}

/** Processors that run programs of 32 bits on a kernel of 64, which has other headers. */
function architecture({ system }: Circumstances): Decision {
  const { machine, addressBits } = system;
  if (machine.startsWith('armv') && addressBits === 64) {
    return {
      value: 'arm64',
      why: `the kernel has 64 bits, and uname -m says ${machine}; also defines __TARGET_ARCH_arm64`,
    };
  }
  return { why: `uname -m says ${machine}, which is right` };
}
