import type { KernelArtifact } from '../../src/artifact/kinds.ts';
import { livePaths } from '../../src/source/live.ts';
import type { HeaderChoice } from '../header-choice.ts';
import type { SystemView } from './system-view.ts';

/** A path of the system that tools look at, and what of a kernel belongs there. */
export interface Target {
  readonly at: string;
  /** Path below the kernel's directory. */
  readonly artifact: string;
  /** What tells whether the kernel has it. */
  readonly evidence: KernelArtifact;
  readonly kind: 'file' | 'directory';
  /** Where tools find it as well when it can not be laid over. */
  readonly standIn: string;
  /** Whether the system has it already, so that nothing is laid over it unless it is of another kernel. */
  readonly isThere: boolean;
  /** Its directory is covered in any case, since other names go beside it. */
  readonly withCompanions?: true;
}

/** Where header trees lead by relative links (src/tree/), and what tools look for beside it. */
export const companions = ['config', 'vmlinux', 'Module.symvers', 'auto.conf', 'kernel.release'] as const;

/** What of a kernel there is to choose among. */
export interface ShownOfKernel {
  /** Names of modules whose types the kernel has, with `vmlinux`. */
  readonly types: readonly string[];
  readonly headers: HeaderChoice['artifact'];
  /** Whether these headers were chosen by hand, so that they take the place of others. */
  readonly areChosen: boolean;
}

const kernelTypes = `${livePaths.btf}/vmlinux`;

/**
 * What tools look for at fixed paths. They take them from uname -r, so they are those of the running kernel, whichever
 * kernel's artifacts are shown.
 */
export function targetsOf({ found, place, names }: SystemView, shown: ShownOfKernel): Target[] {
  const { release, headers } = found;
  const isFile = (path: string): boolean => place(path).kind === 'file';
  const types = new Set(names(livePaths.btf));
  const [archive] = livePaths.headers;
  const file = (at: string, artifact: KernelArtifact, standIn: string): Target => ({
    ...{ at, artifact, evidence: artifact, kind: 'file', standIn, isThere: isFile(at) },
  });
  const tree = (name: string): Target => ({
    at: `/lib/modules/${release}/${name}`,
    ...{ artifact: shown.headers, evidence: shown.headers, kind: 'directory', withCompanions: true },
    standIn: '$BCC_KERNEL_SOURCE and $BPFTRACE_KERNEL_SOURCE',
    isThere: headers !== undefined && !shown.areChosen,
  });
  return [
    file('/proc/config.gz', 'config.gz', `/boot/config-${release} and $LIBBPFGO_KCONFIG_FILE`),
    file(archive, 'kheaders.tar.xz', `/lib/modules/${release}/build and $BCC_KERNEL_SOURCE`),
    {
      at: livePaths.btf,
      artifact: 'btf',
      evidence: 'btf/vmlinux',
      kind: 'directory',
      standIn: `/boot/vmlinux-${release}, $BPFTRACE_BTF and $PAHOLE_VMLINUX_BTF_FILENAME`,
      isThere: shown.types.every((name) => types.has(name)),
    },
    file(`/boot/config-${release}`, 'config', '/proc/config.gz and $LIBBPFGO_KCONFIG_FILE'),
    // Where the kernel shows its types, nobody looks for them there.
    ...(isFile(kernelTypes) ? [] : [file(`/boot/vmlinux-${release}`, 'vmlinux', '$BPFTRACE_BTF')]),
    tree('build'),
    tree('source'),
  ];
}
