import type { Finding } from './finding.ts';
import { listed } from './finding.ts';
import { execFix, installed, option } from './subject.ts';
import type { Subject } from './subject.ts';

/** Tools that use BTF, of those in lookup-order.ts. */
const btfReaders = [
  'bpftrace',
  'bcc',
  'libbpf',
  'libbpf-tools',
  'bpftool',
  'cilium/ebpf',
  'tetragon',
  'tracee',
  'Falco',
];

/** What the kernel has and lacks, whoever is installed. */
export function checkKernel(subject: Subject): Finding[] {
  return [
    ...checkBtf(subject),
    ...checkModuleBtf(subject),
    ...checkOsRelease(subject),
    ...checkBionic(subject),
    ...checkIkfs(subject),
  ];
}

function checkBtf(subject: Subject): Finding[] {
  const { kernel, supply } = subject;
  const tools = installed(subject, btfReaders);
  if (kernel.btf !== undefined) {
    return [
      {
        name: 'kernel-btf',
        severity: 'good',
        what: `the kernel shows its BTF at ${kernel.btf}`,
        why: 'CO-RE programs can be loaded, and fentry, tp_btf, LSM and struct_ops programs with them',
        tools,
      },
    ];
  }
  const inside = option(kernel, 'CONFIG_DEBUG_INFO_BTF') === 'y';
  const served = 'source' in supply.btf;
  const lacks: Finding = {
    name: 'no-kernel-btf',
    severity: 'problem',
    what: inside
      ? 'the kernel has BTF but does not show it at /sys/kernel/btf/vmlinux'
      : 'the kernel shows no BTF at /sys/kernel/btf/vmlinux',
    why: 'CO-RE programs can not be relocated by it, and no vmlinux.h can be made from it',
    tools,
    ...(served ? { fix: execFix(subject) } : {}),
    advice: inside
      ? 'Kernels before 5.4 never show it; later ones do wherever sysfs is mounted'
      : "A kernel built with CONFIG_DEBUG_INFO_BTF=y has it; or give ikfs a file with this kernel's BTF: --btf FILE",
  };
  const limit: Finding = {
    name: 'no-tracing-by-btf',
    severity: 'warning',
    what: 'fentry, fexit, tp_btf, LSM, struct_ops and kfuncs do not work on this kernel',
    why: 'they need BTF in the kernel itself: a file beside it, from ikfs as from elsewhere, serves relocation and headers only',
    tools,
    advice: 'Use kprobes and tracepoints, or a kernel built with CONFIG_DEBUG_INFO_BTF=y',
  };
  return inside ? [lacks] : [lacks, limit];
}

function checkModuleBtf(subject: Subject): Finding[] {
  const { kernel } = subject;
  if (kernel.btf === undefined || kernel.config === undefined) return [];
  if (option(kernel, 'CONFIG_MODULES') === 'n') return [];
  if (option(kernel, 'CONFIG_DEBUG_INFO_BTF_MODULES') !== 'y') {
    return [
      {
        name: 'no-module-btf',
        severity: 'note',
        what: 'modules have no BTF (CONFIG_DEBUG_INFO_BTF_MODULES is not set)',
        why: 'types and functions of modules are unknown to fentry and to CO-RE relocation',
        tools: installed(subject, btfReaders),
      },
    ];
  }
  if (option(kernel, 'CONFIG_MODULE_ALLOW_BTF_MISMATCH') !== 'y') return [];
  return [
    {
      name: 'module-btf-mismatch-allowed',
      severity: 'note',
      what: 'modules whose BTF does not match are loaded without it (CONFIG_MODULE_ALLOW_BTF_MISMATCH=y)',
      why: 'their types are then missing with one line in the kernel log; without the option such a module is refused',
      tools: installed(subject, btfReaders),
      fix: 'ikfs modules',
    },
  ];
}

/** Tools that find the BTF they bring along by ID and VERSION_ID of this file (btf_helpers.c: get_os_info). */
const osReleaseReaders = ['libbpf-tools', 'tracee', 'Inspektor Gadget'];

function checkOsRelease(subject: Subject): Finding[] {
  const { system, kernel } = subject;
  const tools = installed(subject, osReleaseReaders);
  if (kernel.btf !== undefined || tools.length === 0 || system.isFile('/etc/os-release')) return [];
  return [
    {
      name: 'no-os-release',
      severity: 'warning',
      what: 'there is no /etc/os-release',
      why: `${listed(tools)} can not choose among the BTF inside, which is named after the distribution`,
      tools,
      ...('source' in subject.supply.btf ? { fix: execFix(subject) } : {}),
      advice: 'A file with the lines ID= and VERSION_ID= is enough',
    },
  ];
}

function checkBionic(subject: Subject): Finding[] {
  const isBionic = ['/system/bin/linker64', '/system/bin/linker'].some((path) => subject.system.isFile(path));
  if (!isBionic) return [];
  return [
    {
      name: 'libbpf-on-bionic',
      severity: 'note',
      what: 'this is Android, whose C library refuses faccessat(2) with AT_EACCESS',
      why: "libbpf with AT_EACCESS and without its commit 830e0d01 finds no kernel's BTF here, wherever it is",
      tools: installed(subject, ['libbpf', 'libbpf-tools', 'bpftool', 'bpftrace', 'bcc']),
      advice: 'Build with a libbpf that has that commit (libbpf-bootstrap issue 250)',
    },
  ];
}

function checkIkfs(subject: Subject): Finding[] {
  const { mountpoint, supply } = subject;
  const { failure } = supply;
  const good: Finding[] =
    mountpoint === undefined
      ? []
      : [
          {
            name: 'ikfs-mounted',
            severity: 'good',
            what: `ikfs is mounted at ${mountpoint}`,
            why: 'what it serves is used by tools that are told of it',
            tools: [],
          },
        ];
  if (failure === undefined) return good;
  return [
    ...good,
    {
      name: 'ikfs-can-not-look',
      severity: 'warning',
      what: `ikfs could not look for kernels: ${failure}`,
      why: 'whether it can serve what is missing is not known',
      tools: [],
      fix: 'ikfs info',
    },
  ];
}
