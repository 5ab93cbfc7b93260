import { existsSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { IkfsError } from '../src/errors.ts';
import { fromNativeError, native, nativeMissing, packageRoot } from '../src/native.ts';
import { prepareRestart } from './memory/keep-small.ts';
import { wellKnownPlaces } from '../src/source/discover.ts';
import { resolvedPath } from './resolved-path.ts';
import type { Sources } from './sources.ts';

/** Whether to fence: as far as this system lets us, or not at all without, or not. */
export const fenceModes = ['auto', 'require', 'off'] as const;
export type FenceMode = (typeof fenceModes)[number];

/** What of the fence holds for this process, such as `seccomp`; undefined where it was started without. */
export function fenceParts(): readonly string[] | undefined {
  return process.env['IKFS_FENCE']?.split(',');
}

/** What a mount needs of the system it is fenced off from. */
export interface FencePlan {
  /** Absolute, no symbolic link. */
  readonly mountpoint: string;
  /**
   * Whether this process goes on in a session of its own while the keeper stays in the process group that an automount
   * lets mount. Otherwise it is the other way around.
   */
  readonly leavesGroup: boolean;
  readonly allowOther: boolean;
  /** Directories made for the mount, the innermost first. */
  readonly made: readonly string[];
  /** Files and directories to read, with all below them. */
  readonly readable: readonly string[];
  /** To list only. */
  readonly listable: readonly string[];
  /** To write to and make files in. */
  readonly writable: readonly string[];
}

/** The program that becomes this one again, with less. */
const keeper = join(packageRoot, 'build', 'Release', 'ikfs-keeper');

/** Why there can be no fence here; undefined when there can. */
export function fenceProblem(): string | undefined {
  if (!native) return `the addon is missing (${nativeMissing ?? 'unknown reason'})`;
  return existsSync(keeper) ? undefined : `${keeper} was not built`;
}

/**
 * Starts this command line again in this process, fenced, with a keeper that mounts for it (native/keeper/main.cc).
 * Nothing untrusted may have been read until then.
 * @throws IkfsError `unavailable` without the addon, `io` when the program can not be run
 */
export function enterFence(plan: FencePlan): never {
  if (!native) throw new IkfsError('unavailable', `no fence: ${nativeMissing ?? 'the addon is missing'}`);
  const each = (option: string, values: readonly string[]): string[] =>
    values.flatMap((value) => [option, value]);
  try {
    prepareRestart();
    return native.keeper.become([
      keeper,
      '--mountpoint',
      plan.mountpoint,
      ...(plan.leavesGroup ? ['--leave-group'] : []),
      ...(plan.allowOther ? ['--allow-other'] : []),
      ...each('--made', plan.made),
      ...each('--read', plan.readable),
      ...each('--list', plan.listable),
      ...each('--write', plan.writable),
      '--',
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ]);
  } catch (error) {
    throw fromNativeError(error, '--fence');
  }
}

/** Has the keeper take away what is left of the mount and of directories made for it; nothing without a keeper. */
export async function leaveNothing(mountpoint: string): Promise<void> {
  if (!native?.keeper.isThere()) return;
  try {
    await native.mounting.unmount(mountpoint, true);
  } catch (error) {
    throw fromNativeError(error).within({ path: mountpoint });
  }
}

/** What Node, the addon, the libraries they are linked with, and pahole read; on Android other places. */
const ofPrograms = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64'],
  ...['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld-musl-x86_64.path', '/etc/localtime', '/etc/ssl'],
  ...['/etc/passwd', '/etc/nsswitch.conf'],
  ...['/system', '/vendor', '/apex', '/linkerconfig'],
];

/** What a process asks of its kernel, and what the running kernel shows of itself. */
const ofTheKernel = ['/proc', '/sys', '/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'];

/** All that may be read while kernels are looked for and artifacts made. */
export function readableFor(sources: Sources): string[] {
  const { sysroot, images, modules, headers, btf, configs } = sources;
  const given = [...images, ...modules, ...headers, ...btf, ...configs];
  const found = sysroot === '/' ? wellKnownPlaces : sysroot === undefined ? [] : [sysroot];
  const program = [process.execPath, process.argv[1] ?? ''].map((path) =>
    dirname(dirname(resolvedPath(path))),
  );
  // Where pahole may be.
  const commands = (process.env['PATH'] ?? '').split(delimiter).filter((path) => isAbsolute(path));
  const paths = [
    ...ofPrograms,
    ...commands,
    ...ofTheKernel,
    ...program,
    packageRoot,
    ...found,
    ...given.flatMap(placesOf),
  ];
  return [...new Set(paths)].filter((path) => path !== '/');
}

/** A file may be replaced by another of its name while it is served, so its directory is needed. */
function placesOf(path: string): string[] {
  const real = resolvedPath(path);
  return [path, real, dirname(path), dirname(real)];
}
