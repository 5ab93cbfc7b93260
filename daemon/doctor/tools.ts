/** How a tool is found, and how its version is known. */
export interface KnownTool {
  /** As lookup-order.ts calls it. */
  readonly name: string;
  /** Names of its program, in order of preference. */
  readonly programs?: readonly string[];
  /** Only a program that is an ELF file: a script of that name is another tool's. */
  readonly compiled?: true;
  /** The beginning of its shared library's name. */
  readonly library?: string;
  /** A package of Python. */
  readonly pythonPackage?: string;
  /** It compiles with kernel headers, by the clang that it is linked with. */
  readonly compiles?: true;
}

/** Every tool that is looked for. */
export const knownTools: readonly KnownTool[] = [
  { name: 'bcc', library: 'libbcc.so.', pythonPackage: 'bcc', compiles: true },
  { name: 'bpftrace', programs: ['bpftrace'], compiles: true },
  { name: 'libbpf', library: 'libbpf.so.' },
  // Distributions put a prefix before these names, which are those of bcc's Python scripts otherwise.
  { name: 'libbpf-tools', programs: ['bpf-opensnoop', 'bpf-execsnoop', 'opensnoop'], compiled: true },
  { name: 'bpftool', programs: ['bpftool'] },
  // A library of Go lies in no place of its own: these are programs with it inside.
  { name: 'cilium/ebpf', programs: ['cilium-agent', 'bpf2go'] },
  { name: 'pahole', programs: ['pahole'] },
  { name: 'perf', programs: ['perf'] },
  { name: 'drgn', programs: ['drgn'] },
  { name: 'retsnoop', programs: ['retsnoop'] },
  { name: 'systemtap', programs: ['stap'] },
  { name: 'DKMS', programs: ['dkms'] },
  { name: 'Falco', programs: ['falco', 'falcoctl'] },
  { name: 'tetragon', programs: ['tetragon'] },
  { name: 'tracee', programs: ['tracee'] },
  { name: 'Inspektor Gadget', programs: ['ig', 'kubectl-gadget'] },
];

/** Compilers, whose versions matter to what is compiled on the spot. */
export const knownCompilers: readonly KnownTool[] = [
  { name: 'clang', programs: ['clang'], compiled: true },
  { name: 'gcc', programs: ['gcc'], compiled: true },
];
