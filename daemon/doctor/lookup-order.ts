/*
 * What tools look for, and where, in their order. `R` in a path is the kernel's release. Facts only: who finds
 * what on a system is for tool-checks.ts to say.
 */
import type { Severity } from './finding.ts';

/** What a tool needs of a kernel. */
export type Need =
  /** A header tree for clang. */
  | 'headers'
  /** The kernel's own BTF. */
  | 'btf'
  | 'config'
  /** A vmlinux with symbols or DWARF, which no BTF stands in for. */
  | 'symbols'
  /** A tree in which modules can be built: a Makefile and programs, which no header archive has. */
  | 'build-tree';

/** One place that a tool looks at. */
export type Place = {
  /** Version of the tool from which on it is not looked at any more. */
  readonly until?: string;
  /** Looked at only where the kernel shows no BTF. */
  readonly withoutBtf?: true;
} & (
  | {
      /** What the variable names is used, whether it is there or not. */
      readonly variable: string;
    }
  | {
      readonly path: string;
      readonly is: 'directory' | 'file';
      /** Must be there as well, below it. */
      readonly with?: string;
      /** Another directory that must be there. */
      readonly beside?: string;
    }
  /** `kheaders-R` in $TMPDIR, or in /tmp. */
  | { readonly temporary: 'kheaders-R' }
  /** The archive that a running kernel shows, after `modprobe kheaders` if need be, unpacked into the above. */
  | { readonly archive: '/sys/kernel/kheaders.tar.xz' }
  /** What the tool brings along; whether it has this kernel's can not be seen from outside. */
  | { readonly own: string }
);

/** A tool's way to one thing. */
export interface Lookup {
  readonly tool: string;
  readonly need: Need;
  readonly places: readonly Place[];
  /** How grave it is when nothing is there. */
  readonly gravity: Severity;
  /** The same where the kernel shows its own BTF, if that makes a difference. */
  readonly gravityWithBtf?: Severity;
  /** Where this was read. */
  readonly source: string;
}

const kernelBtf: Place = { path: '/sys/kernel/btf/vmlinux', is: 'file' };
const file = (path: string): Place => ({ path, is: 'file' });

/** libbpf's src/btf.c (btf__load_vmlinux_btf), which cilium/ebpf and bpftrace repeat. */
const libbpfImages: readonly Place[] = [
  file('/boot/vmlinux-R'),
  file('/lib/modules/R/vmlinux-R'),
  file('/lib/modules/R/build/vmlinux'),
  file('/usr/lib/modules/R/kernel/vmlinux'),
  file('/usr/lib/debug/boot/vmlinux-R'),
  file('/usr/lib/debug/boot/vmlinux-R.debug'),
  file('/usr/lib/debug/lib/modules/R/vmlinux'),
];
const libbpfBtf: readonly Place[] = [kernelBtf, ...libbpfImages];

const bootConfigFirst: readonly Place[] = [file('/boot/config-R'), file('/proc/config.gz')];
const procConfigFirst: readonly Place[] = [file('/proc/config.gz'), file('/boot/config-R')];

/** bcc takes a tree for one by this file (loader.cc). */
const kconfig = 'include/linux/kconfig.h';
const makefile = 'Makefile';

export const lookups: readonly Lookup[] = [
  {
    tool: 'bcc',
    need: 'headers',
    gravity: 'problem',
    places: [
      { variable: 'BCC_KERNEL_SOURCE' },
      { path: '/lib/modules/R/source', is: 'directory', with: kconfig, beside: '/lib/modules/R/build' },
      { path: '/lib/modules/R/build', is: 'directory', with: kconfig },
      { temporary: 'kheaders-R' },
      { archive: '/sys/kernel/kheaders.tar.xz' },
    ],
    source:
      'bcc: src/cc/frontends/clang/loader.cc (get_kernel_path_info), kbuild_helper.cc (get_proc_kheaders)',
  },
  {
    tool: 'bcc',
    need: 'btf',
    gravity: 'warning',
    places: libbpfBtf,
    source: 'bcc: src/cc/libbpf.c (find_btf_id, bpf_has_kernel_btf)',
  },
  {
    tool: 'bpftrace',
    need: 'headers',
    gravity: 'problem',
    gravityWithBtf: 'warning',
    places: [
      { variable: 'BPFTRACE_KERNEL_SOURCE' },
      { path: '/lib/modules/R/source', is: 'directory' },
      { path: '/lib/modules/R/build', is: 'directory' },
      { temporary: 'kheaders-R', until: '0.20.4', withoutBtf: true },
      { archive: '/sys/kernel/kheaders.tar.xz', until: '0.20.4', withoutBtf: true },
    ],
    source:
      'bpftrace: src/symbols/kernel.cpp (get_kernel_dirs); until 0.20.3 src/utils.cpp (unpack_kheaders_tar_xz)',
  },
  {
    tool: 'bpftrace',
    need: 'btf',
    gravity: 'problem',
    places: [{ variable: 'BPFTRACE_BTF' }, ...libbpfBtf],
    source: 'bpftrace: src/btf.cpp (load_vmlinux_btf)',
  },
  {
    tool: 'bpftrace',
    need: 'config',
    gravity: 'note',
    places: procConfigFirst,
    source: 'bpftrace: src/symbols/kernel.cpp (KConfig)',
  },
  {
    tool: 'libbpf',
    need: 'btf',
    gravity: 'problem',
    places: libbpfBtf,
    source: 'libbpf: src/btf.c (btf__load_vmlinux_btf)',
  },
  {
    tool: 'libbpf',
    need: 'config',
    gravity: 'warning',
    places: bootConfigFirst,
    source: 'libbpf: src/libbpf.c (bpf_object__read_kconfig_file)',
  },
  {
    tool: 'libbpf-tools',
    need: 'btf',
    gravity: 'problem',
    places: [...libbpfBtf, { own: 'BTFHub archive inside, if built so' }],
    source: 'bcc: libbpf-tools/btf_helpers.c (ensure_core_btf)',
  },
  {
    tool: 'bpftool',
    need: 'btf',
    gravity: 'problem',
    places: libbpfBtf,
    source: 'bpftool: src/btf.c (do_dump); libbpf for the rest',
  },
  {
    tool: 'bpftool',
    need: 'config',
    gravity: 'warning',
    places: bootConfigFirst,
    source: 'bpftool: src/common.c (read_kernel_config)',
  },
  {
    tool: 'cilium/ebpf',
    need: 'btf',
    gravity: 'problem',
    places: libbpfBtf,
    source: 'cilium/ebpf: btf/kernel.go (LoadKernelSpec, findVMLinux)',
  },
  {
    tool: 'cilium/ebpf',
    need: 'config',
    gravity: 'warning',
    places: bootConfigFirst,
    source: 'cilium/ebpf: internal/linux/kconfig.go',
  },
  {
    tool: 'pahole',
    need: 'btf',
    gravity: 'warning',
    places: [
      { variable: 'PAHOLE_VMLINUX_BTF_FILENAME' },
      kernelBtf,
      file('/boot/vmlinux'),
      file('/boot/vmlinux-R'),
      file('/usr/lib/debug/boot/vmlinux-R'),
      file('/lib/modules/R/build/vmlinux'),
      file('/usr/lib/debug/lib/modules/R/vmlinux'),
      file('/usr/lib/debug/lib/modules/R/vmlinux.debug'),
    ],
    source: 'dwarves: dwarves.c (cus__load_running_kernel, vmlinux_paths)',
  },
  {
    tool: 'perf',
    need: 'symbols',
    gravity: 'note',
    places: [
      file('/boot/vmlinux'),
      file('/boot/vmlinux-R'),
      file('/usr/lib/debug/boot/vmlinux-R'),
      file('/lib/modules/R/build/vmlinux'),
      file('/usr/lib/debug/lib/modules/R/vmlinux'),
    ],
    source: 'Linux: tools/perf/util/symbol.c (vmlinux_paths)',
  },
  {
    tool: 'drgn',
    need: 'symbols',
    gravity: 'warning',
    places: [
      file('/usr/lib/debug/boot/vmlinux-R'),
      file('/usr/lib/debug/lib/modules/R/vmlinux'),
      file('/boot/vmlinux-R'),
      file('/lib/modules/R/build/vmlinux'),
      file('/lib/modules/R/vmlinux'),
    ],
    source: 'drgn: libdrgn/linux_kernel.c (drgn_module_try_vmlinux_files)',
  },
  {
    tool: 'retsnoop',
    need: 'btf',
    gravity: 'problem',
    places: libbpfBtf,
    source: 'retsnoop: find_vmlinux; libbpf',
  },
  {
    tool: 'systemtap',
    need: 'build-tree',
    gravity: 'problem',
    places: [{ path: '/lib/modules/R/build', is: 'directory', with: makefile }],
    source: 'systemtap: main.cxx (setup_kernel_release, parse_kernel_config)',
  },
  {
    tool: 'DKMS',
    need: 'build-tree',
    gravity: 'problem',
    places: [{ path: '/lib/modules/R/build', is: 'directory', with: makefile }],
    source: 'dkms(8): --kernelsourcedir',
  },
  {
    tool: 'Falco',
    need: 'btf',
    gravity: 'warning',
    // Its probe (modern_ebpf) has tp_btf programs, so a file beside the kernel is of no use.
    places: [kernelBtf],
    source: 'falcoctl: pkg/driver/type/modernbpf.go (Supported)',
  },
  {
    tool: 'Falco',
    need: 'build-tree',
    gravity: 'warning',
    gravityWithBtf: 'note',
    places: [{ path: '/lib/modules/R/build', is: 'directory', with: makefile }],
    source: 'falcosecurity/libs: driver/Makefile.in',
  },
  {
    tool: 'tetragon',
    need: 'btf',
    gravity: 'problem',
    places: [{ variable: 'TETRAGON_BTF' }, kernelBtf],
    source: 'tetragon: pkg/btf/btf.go (observerFindBTF)',
  },
  {
    tool: 'tracee',
    need: 'btf',
    gravity: 'problem',
    places: [{ variable: 'TRACEE_BTF_FILE' }, kernelBtf, { own: 'BTFHub archive inside, if built so' }],
    source: 'tracee: BpfObject',
  },
  {
    tool: 'tracee',
    need: 'config',
    gravity: 'warning',
    places: [{ variable: 'LIBBPFGO_KCONFIG_FILE' }, ...procConfigFirst],
    source: 'libbpfgo: helpers/kernel_config.go (InitKernelConfig)',
  },
  {
    tool: 'Inspektor Gadget',
    need: 'btf',
    gravity: 'problem',
    places: [...libbpfBtf, { own: 'BTFHub archive inside, if built so' }],
    source: 'inspektor-gadget: pkg/btfgen/btfgen.go',
  },
];

/** A place as it is shown: `$BCC_KERNEL_SOURCE`, `/lib/modules/R/build`. */
export function describePlace(place: Place): string {
  if ('variable' in place) return `$${place.variable}`;
  if ('path' in place) return place.path;
  if ('temporary' in place) return `\${TMPDIR:-/tmp}/${place.temporary}`;
  return 'archive' in place ? `${place.archive}, unpacked to that` : place.own;
}
