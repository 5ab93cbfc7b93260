import { constants } from './constants/all.ts';
import type { Constants } from './constants/entry.ts';
import { autoconfHeader, releaseHeader, versionHeader } from './generated-headers.ts';
import { plainFiles } from './plain-files.ts';
import { isFrom } from './release.ts';
import type { Version } from './release.ts';

/** What is known of the headers of a series, as far as a plan needs it. */
export interface PlannedNames {
  paths(): Iterable<string>;
  /** What a header declares, as HeaderNames tells it to native code. */
  entry(path: string): string;
  /** What it includes, the same way. */
  includes(path: string): string;
}

/** The kernel that headers are made for. */
export interface PlannedKernel {
  readonly release: string;
  /** What LINUX_VERSION_CODE tells; a release may tell another (Debian's 6.1.192 calls itself 6.1.0-56-amd64). */
  readonly version: Version;
  /** The text of its configuration. */
  readonly config: string;
  /** Directory of its architecture in the kernel's arch/: `x86`. */
  readonly machine: string;
}

/** Headers that newer kernels have no longer and that tools ask for all the same, with the types that they ask it for. */
const formerHeaders: ReadonlyMap<string, string> = new Map([
  // slabratetop of bcc up to 0.28.
  ['include/linux/slub_def.h', 'kmem_cache'],
]);

/** The header whose types bcc and others bring themselves, and the macro that says so. */
const broughtByPrograms = { path: 'include/uapi/linux/bpf.h', guard: '_UAPI__LINUX_BPF_H__' };

/**
 * Which headers a tree has, and what is in each beside the types that native code takes from BTF: the text that
 * native/btf/bpf_headers_plan.h describes.
 */
export function planHeaders(names: PlannedNames, kernel: PlannedKernel): string {
  const lines: string[] = [];
  const paths = new Set<string>();
  for (const path of names.paths()) if (isForMachine(path, kernel.machine)) paths.add(path);
  const texts = textsOf(kernel, paths);
  for (const path of [...texts.keys(), ...formerHeaders.keys()]) paths.add(path);
  for (const { path, text } of plainFiles(kernel)) {
    lines.push(`F ${path}`);
    for (const line of text.trimEnd().split('\n')) lines.push(`+ ${line}`);
  }
  for (const path of byPrecedence(paths)) {
    lines.push(`H ${path}`);
    if (path === broughtByPrograms.path) lines.push(`R ${broughtByPrograms.guard}`);
    lines.push(`J ${names.includes(path)}`);
    const former = formerHeaders.get(path);
    if (former !== undefined) lines.push(`S ${former}`);
    lines.push(`N ${names.entry(path)}`);
    lines.push(...(texts.get(path) ?? []));
  }
  return `${lines.join('\n')}\n`;
}

function isForMachine(path: string, machine: string): boolean {
  return !path.startsWith('arch/') || path.startsWith(`arch/${machine}/include/`);
}

/** A type that several headers declare is at home in the first: the machine's own, then the kernel's, then what programs see. */
function byPrecedence(paths: Iterable<string>): string[] {
  const ranks: [string[], string[], string[]] = [[], [], []];
  for (const path of paths) ranks[path.includes('/uapi/') ? 2 : path.startsWith('arch/') ? 0 : 1].push(path);
  return ranks.flat();
}

/**
 * The lines of C of each header that has some, and the conditions around them.
 * @param paths of the headers that the kernel has: a selection written by hand makes no others
 */
function textsOf(kernel: PlannedKernel, paths: ReadonlySet<string>): Map<string, string[]> {
  const { version } = kernel;
  const texts = new Map<string, string[]>();
  const add = (header: string, text: string, when?: string): void => {
    const path = header.replace('ARCH', kernel.machine);
    let lines = texts.get(path);
    if (!lines) texts.set(path, (lines = []));
    if (when !== undefined) lines.push(`? ${when}`);
    for (const line of text.split('\n')) if (line !== '') lines.push(`+ ${line}`);
    if (when !== undefined) lines.push('.');
  };
  add('include/generated/autoconf.h', autoconfHeader(kernel.config));
  add('include/generated/uapi/linux/version.h', versionHeader(version));
  add('include/generated/utsrelease.h', releaseHeader(kernel.release));
  for (const entry of constants.flat()) {
    if (!isOf(entry, version, kernel.machine)) continue;
    for (const header of entry.headers) {
      if (paths.has(header.replace('ARCH', kernel.machine))) add(header, entry.text, entry.when);
    }
  }
  return texts;
}

function isOf({ from, before, machines }: Constants, version: Version, machine: string): boolean {
  if (from !== undefined && !isFrom(version, from)) return false;
  if (before !== undefined && isFrom(version, before)) return false;
  return machines === undefined || machines.includes(machine);
}
