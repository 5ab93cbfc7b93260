import { basename, join } from 'node:path';
import { configuredVersion } from '../../src/format/kernel-config.ts';
import { parseUtsRelease } from '../../src/format/utsrelease.ts';
import { listed } from './finding.ts';
import type { Finding, Severity } from './finding.ts';
import { execFix, headersFix, installed } from './subject.ts';
import type { Subject } from './subject.ts';
import type { System } from './system.ts';

/** Those that compile with kernel headers. */
const headerReaders = ['bcc', 'bpftrace'];

/** Headers where root keeps them, those that variables name, and those of the archive. */
export function checkHeaderTrees(subject: Subject): Finding[] {
  const { system } = subject;
  const folder = `/lib/modules/${system.release}`;
  const pair = [`${folder}/build`, `${folder}/source`];
  const trees = pair.filter((path) => system.isDirectory(path));
  const given = [['BCC_KERNEL_SOURCE'], ['BPFTRACE_KERNEL_SOURCE', 'BPFTRACE_KERNEL_BUILD']].map((names) =>
    names
      .map((name) => system.environment[name] ?? '')
      .filter((path) => path.startsWith('/') && system.isDirectory(path)),
  );
  const all = [trees, ...given].filter((each) => each.length > 0);
  // Both variables usually name the same tree.
  const different = all.filter((each, at) => all.findIndex((other) => other.join() === each.join()) === at);
  return [
    ...checkLinks(subject, pair),
    ...different.flatMap((each) => checkTree(subject, each)),
    ...checkArchive(subject),
  ];
}

/** What a finding says of how it is mended. */
type Mending = Pick<Finding, 'fix' | 'advice'>;

/** What would make tools use good headers instead of bad ones at their usual place. */
function mend(subject: Subject): Mending {
  return headersFix(subject) ?? { advice: 'Install the headers of this very kernel, or remove these' };
}

function severityFor(tools: readonly string[]): Severity {
  return tools.length > 0 ? 'problem' : 'warning';
}

function checkLinks(subject: Subject, pair: readonly string[]): Finding[] {
  const { system } = subject;
  const dangling = pair.filter((path) => system.kindOf(path) === 'dangling');
  if (dangling.length === 0) return [];
  const tools = installed(subject, headerReaders);
  // A kernel that was built elsewhere often leaves `source` behind so; `build` is what most look at.
  const other = pair.find((path) => holdsHeaders(system, [path]));
  return [
    {
      name: 'link-leads-nowhere',
      severity: other === undefined ? severityFor(tools) : 'note',
      what: `${listed(dangling)} ${dangling.length === 1 ? 'leads' : 'lead'} to what is not there`,
      why:
        other === undefined
          ? 'headers were removed, or the kernel was built on another machine: whoever follows it finds none'
          : `${other} has headers, which are used instead`,
      tools,
      ...(headersFix(subject, execFix) ?? { advice: 'Install the headers of this very kernel' }),
    },
  ];
}

/** @param trees `build` and `source`, as far as they are there (Debian's headers are spread over both), or what stands for them */
function checkTree(subject: Subject, trees: readonly string[]): Finding[] {
  const { system } = subject;
  const empty = trees.filter((path) => system.list(path).length === 0);
  const tools = installed(subject, headerReaders);
  if (empty.length > 0) {
    return [
      {
        name: 'headers-empty',
        severity: severityFor(installed(subject, ['bpftrace'])),
        what: `${listed(empty)} ${empty.length === 1 ? 'is an empty directory' : 'are empty directories'}`,
        why: 'bpftrace takes a directory at that path for headers without looking into it',
        tools,
        ...mend(subject),
      },
    ];
  }
  if (!holdsHeaders(system, trees)) {
    const missing = headerFiles.filter((file) => !trees.some((tree) => system.isFile(join(tree, file))));
    return [
      {
        name: 'headers-partial',
        severity: severityFor(tools),
        what: `${listed(trees)} ${trees.length === 1 ? 'lacks' : 'lack'} ${listed(missing)}`,
        why: 'every kernel header needs these, so what includes one does not compile',
        tools,
        ...mend(subject),
      },
    ];
  }
  return checkVersions(subject, trees);
}

/** Without the first, bcc takes a tree for none; the second is what the first includes. */
const headerFiles = ['include/linux/kconfig.h', 'include/generated/autoconf.h'];

function holdsHeaders(system: System, trees: readonly string[]): boolean {
  return headerFiles.every((file) => trees.some((tree) => system.isFile(join(tree, file))));
}

/** Files with a version in them have less than a hundred bytes, but for a comment. */
export const mostVersionBytes = 16 * 1024;

/** @param trees directories that make one header tree together */
function checkVersions(subject: Subject, trees: readonly string[]): Finding[] {
  const { system } = subject;
  const text = (file: string): string | undefined =>
    trees.map((tree) => system.read(join(tree, file), mostVersionBytes)?.toString()).find((each) => each);
  return compareVersions(subject, listed(trees), {
    utsRelease: text('include/generated/utsrelease.h'),
    version: text('include/generated/uapi/linux/version.h'),
    mended: mend(subject),
  });
}

/** The texts of a header tree that tell its version, as far as they are there. */
interface VersionTexts {
  /** include/generated/utsrelease.h. */
  readonly utsRelease: string | undefined;
  /** include/generated/uapi/linux/version.h. */
  readonly version: string | undefined;
  readonly mended: Mending;
}

/** Whether headers are those of the kernel. @param where they are, for messages */
export function compareVersions(subject: Subject, where: string, texts: VersionTexts): Finding[] {
  const { system } = subject;
  const tools = installed(subject, headerReaders);
  const release = releaseIn(texts.utsRelease);
  if (release !== undefined && release !== system.release) {
    return [
      {
        name: 'headers-of-another-release',
        severity: severityFor(tools),
        what: `the headers in ${where} are for ${release}, not for ${system.release}`,
        why: 'structures may be laid out otherwise: programs read wrong fields, or are refused with "Invalid argument"',
        tools,
        ...texts.mended,
      },
    ];
  }
  const theirs = versionIn(texts.version);
  const ours = kernelVersion(subject);
  if (theirs === undefined || ours.every((number, at) => number === theirs[at])) return [];
  return [
    {
      name: 'headers-of-another-version',
      severity: 'warning',
      what: `the headers in ${where} define LINUX_VERSION_CODE as ${theirs.join('.')}, the kernel is ${ours.join('.')}`,
      why: 'kernels before 5.0 refuse kprobe programs with another version, and #if by version goes astray',
      tools,
      ...texts.mended,
    },
  ];
}

function releaseIn(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : parseUtsRelease(text);
  } catch {
    return undefined;
  }
}

/** LINUX_VERSION_CODE taken apart (the kernel's Makefile: filechk_version.h). */
function versionIn(text: string | undefined): number[] | undefined {
  const code = Number(/^#define LINUX_VERSION_CODE (\d{5,10})$/m.exec(text ?? '')?.[1]);
  return Number.isNaN(code) ? undefined : [code >> 16, (code >> 8) & 0xff, code & 0xff];
}

/**
 * The kernel's version in numbers; the third only where its configuration tells it, as a release may show another
 * (Debian's 6.1.192 calls itself 6.1.0-56-amd64). The code has 255 for all above (Makefile: since 4.4.256).
 */
function kernelVersion({ system, kernel }: Subject): number[] {
  const told = kernel.config && configuredVersion(kernel.config.text);
  const [, major = '0', minor = '0', patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(told ?? system.release) ?? [];
  const numbers = [Number(major), Number(minor)];
  return told === undefined || patch === undefined ? numbers : [...numbers, Math.min(Number(patch), 255)];
}

function checkArchive(subject: Subject): Finding[] {
  const { archive } = subject.supply;
  if (archive === undefined || archive.files > 0) return [];
  const made = headersFix(subject);
  return [
    {
      name: 'archive-of-links',
      severity: 'problem',
      what: `the header archive in ${basename(archive.source)} has no headers, ${
        archive.strayLinks > 0 ? 'only links to files of the machine that built it' : 'only names'
      }`,
      why: 'builds of Android kernels with Bazel have made such archives; nobody can compile with them',
      tools: installed(subject, headerReaders),
      ...made,
      advice: [
        'Give ikfs the archive of a whole build of this kernel: --headers FILE',
        ...(made?.advice === undefined ? [] : [made.advice]),
      ].join('. '),
    },
  ];
}
