/*
 * Headers that bcc, and bpftrace until 0.20.3, unpack to /tmp/kheaders-R and find there ever after: whoever makes that
 * directory first decides what root compiles (CVE-2024-2313 of bpftrace, CVE-2024-2314 of bcc). So nothing is opened
 * in a directory that is not root's alone; and in one that is, no link is followed.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '../shell-lines.ts';
import { listed } from './finding.ts';
import type { Finding, FindingName } from './finding.ts';
import { compareVersions, mostVersionBytes } from './header-checks.ts';
import { temporaryFolder } from './lookup-results.ts';
import type { LookupResult } from './lookup-results.ts';
import { toolNamed } from './subject.ts';
import type { Subject } from './subject.ts';
import { isBefore, readRegularFile } from './system.ts';
import type { System } from './system.ts';

/** Looks at kheaders-* in /tmp and in $TMPDIR. */
export function checkTemporaryHeaders(subject: Subject, results: readonly LookupResult[]): Finding[] {
  const { system } = subject;
  const folders = new Set([temporaryFolder(system), '/tmp']);
  return [...folders].flatMap((folder) => {
    // Names with anything else in them are nobody's whom this is about.
    const names = system.list(folder).filter((name) => /^kheaders-[\w.+~-]+$/.test(name));
    const current = `kheaders-${system.release}`;
    const others = names.filter((name) => name !== current);
    return [
      ...(names.includes(current)
        ? checkCurrent(subject, join(folder, current), usersOf(results, join(folder, current)))
        : []),
      ...(others.length > 0 ? [leftOver(folder, others)] : []),
    ];
  });
}

/** @param tools those that use it */
function checkCurrent(subject: Subject, path: string, tools: readonly string[]): Finding[] {
  const { system } = subject;
  const stats = system.lstat(path);
  if (stats === undefined) return [];
  const remove = `rm -rf ${shellWord(path)}`;
  const finding = (name: FindingName, what: string, why: string): Finding => ({
    name,
    severity: tools.length > 0 ? 'problem' : 'warning',
    what: `${path} ${what}`,
    why,
    tools,
    fix: remove,
  });
  const unsafe = whyUnsafe(stats);
  if (unsafe !== undefined) {
    return [
      finding(
        'temporary-headers-unsafe',
        unsafe,
        `somebody else decides what is compiled as root (CVE-2024-2313, CVE-2024-2314)${checked(subject, tools)}`,
      ),
    ];
  }
  if (readAt(system, path, []) === 'empty') {
    const why = 'bcc and bpftrace take it for headers and unpack none';
    return [finding('temporary-headers-empty', 'is empty', why)];
  }
  const parts = ['include/linux/kconfig.h', 'include/generated/autoconf.h'];
  const missing = parts.filter((part) => !isFileBelow(system, path, part.split('/')));
  if (missing.length > 0) {
    const why =
      'systemd-tmpfiles deletes what is old in /tmp file by file; what is left is taken for all headers';
    return [finding('temporary-headers-partial', `lacks ${listed(missing)}`, why)];
  }
  const text = (file: string): string | undefined => {
    const bytes = readAt(system, path, file.split('/'));
    return Buffer.isBuffer(bytes) ? bytes.toString() : undefined;
  };
  const versions = compareVersions(subject, path, {
    utsRelease: text('include/generated/utsrelease.h'),
    version: text('include/generated/uapi/linux/version.h'),
    mended: { fix: remove },
  });
  if (versions.length > 0) return versions;
  return [
    {
      name: 'temporary-headers-trusted',
      severity: 'note',
      what: `${path} has headers of this kernel, which are root's alone`,
      why: 'they are used as long as nothing in them is deleted, which systemd-tmpfiles does after ten days',
      tools,
      fix: remove,
    },
  ];
}

/** Those who find no headers before they come to this directory. */
function usersOf(results: readonly LookupResult[], path: string): string[] {
  return results.filter(({ used }) => used?.path === path).map(({ tool }) => tool);
}

/** Whether those who use it look who owns it: the versions that brought that. */
const ownerIsChecked: Readonly<Record<string, string>> = { bcc: '0.30.0', bpftrace: '0.20.2' };

function checked(subject: Subject, tools: readonly string[]): string {
  if (tools.length === 0) return '';
  const trusting = tools.filter((name) =>
    isBefore(toolNamed(subject, name)?.version, ownerIsChecked[name] ?? ''),
  );
  if (trusting.length === 0) return `; ${listed(tools)} may stop with an error here`;
  // Distributions mend old versions, which can not be seen from outside.
  return `; ${listed(trusting)} of that age ${trusting.length === 1 ? 'does' : 'do'} not look who owns it, unless mended since`;
}

/** Why a directory is not root's alone, if so. */
function whyUnsafe(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isDirectory()) return 'is not a directory';
  if (stats.uid !== 0) return `belongs to user ${stats.uid}, not to root`;
  return (stats.mode & 0o022) === 0 ? undefined : 'can be written to by others than root';
}

function leftOver(folder: string, names: readonly string[]): Finding {
  const paths = names.map((name) => shellWord(join(folder, name)));
  return {
    name: 'temporary-headers-left-over',
    severity: 'note',
    what:
      paths.length > 3
        ? `${paths.length} directories of headers of other kernels are left in ${folder}`
        : `${listed(paths)} ${paths.length === 1 ? 'is' : 'are'} left of other kernels`,
    why: 'unpacked headers of a kernel that does not run, or of an unpacking that was cut short; they only take space',
    tools: [],
    fix: paths.length > 3 ? `rm -rf ${shellWord(join(folder, 'kheaders-'))}*` : `rm -rf ${paths.join(' ')}`,
  };
}

function isFileBelow(system: System, folder: string, names: readonly string[]): boolean {
  return Buffer.isBuffer(readAt(system, folder, names));
}

/**
 * The head of a file below a directory, without following a link on the way: each directory is opened by its name in
 * the one before (openat(2) by way of /proc/self/fd, as Node has none).
 * @param names from the directory to the file; for none, whether the directory is empty
 * @returns undefined when it is not there, is a link or no regular file
 */
function readAt(system: System, folder: string, names: readonly string[]): Buffer | 'empty' | undefined {
  const base = system.place(folder);
  if (base === undefined) return undefined;
  const directory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const opened: number[] = [];
  const at = (name: string): string => `/proc/self/fd/${opened.at(-1) ?? -1}/${name}`;
  try {
    opened.push(openSync(base, directory));
    if (names.length === 0) {
      // What is read of a directory here is that of the descriptor, whatever its name leads to by now.
      return readdirSync(at('.')).length === 0 ? 'empty' : undefined;
    }
    for (const name of names.slice(0, -1)) opened.push(openSync(at(name), directory));
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    return readRegularFile(openSync(at(names.at(-1) ?? ''), flags), mostVersionBytes);
  } catch {
    return undefined;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
