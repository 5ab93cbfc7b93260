/** How grave a finding is, the gravest first. */
export const severities = ['problem', 'warning', 'note', 'good'] as const;

/**
 * `problem`: something that is installed fails, or uses what it must not. `warning`: it may fail, or can do less.
 * `note`: good to know. `good`: looked at, and as it ought to be.
 */
export type Severity = (typeof severities)[number];

/** Every finding that there can be; the names are the same from version to version, for programs. */
export const findingNames = [
  // Of the kernel.
  'kernel-btf',
  'no-kernel-btf',
  'no-tracing-by-btf',
  'no-module-btf',
  'module-btf-mismatch-allowed',
  'no-os-release',
  'libbpf-on-bionic',
  'ikfs-mounted',
  'ikfs-can-not-look',
  // Of what tools find.
  'headers-found',
  'headers-not-found',
  'btf-not-found',
  'config-not-found',
  'symbols-not-found',
  'build-tree-not-found',
  'bpftrace-does-not-unpack',
  'archive-can-not-be-unpacked',
  'variable-leads-nowhere',
  // Of headers.
  'link-leads-nowhere',
  'headers-empty',
  'headers-partial',
  'headers-of-another-release',
  'headers-of-another-version',
  'archive-of-links',
  'temporary-headers-unsafe',
  'temporary-headers-empty',
  'temporary-headers-partial',
  'temporary-headers-left-over',
  'temporary-headers-trusted',
  // Of compilers.
  'clang-too-old',
  'clang-reads-headers-for-gcc',
  'headers-need-microsoft-extensions',
  'compiler-differs',
] as const;

export type FindingName = (typeof findingNames)[number];

/** One thing that is as it ought to be, or is not. */
export interface Finding {
  readonly name: FindingName;
  readonly severity: Severity;
  /** What is so, in one sentence without its full stop. */
  readonly what: string;
  /** Why it matters, and to whom. */
  readonly why: string;
  /** The tools that it matters to, as lookup-order.ts calls them; none for the kernel as such. */
  readonly tools: readonly string[];
  /** A command that mends it, as it is typed. */
  readonly fix?: string;
  /** What to do where no single command does it. */
  readonly advice?: string;
}

/** The gravest first; findings of the same severity stay in their order. */
export function byGravity(findings: readonly Finding[]): Finding[] {
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

/** The graver of two severities. */
export function graver(a: Severity, b: Severity): Severity {
  return severities.indexOf(a) <= severities.indexOf(b) ? a : b;
}

/** Names as part of a sentence: `bcc`, `bcc and bpftrace`, `bcc, bpftrace and perf`. */
export function listed(names: readonly string[]): string {
  const [last = '', ...others] = [...names].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
}
