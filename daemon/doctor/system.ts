import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { arch, release } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { asIkfsError } from '../../src/errors.ts';
import { parseBanner } from '../../src/format/banner.ts';
import { moduleRoots } from '../../src/source/discover.ts';
import { SystemRoot } from '../../src/source/system-root.ts';

/** What is at a path once links have been followed; `dangling` where one of them leads nowhere. */
export type Kind = 'missing' | 'dangling' | 'directory' | 'file' | 'other' | 'unreadable';

/** Where a system is, and what is told of it by who runs the doctor. */
export interface SystemRequest {
  /** `/`, or a directory that holds another system. */
  readonly root: string;
  /** The kernel that is asked about; told by the system itself unless given. */
  readonly release?: string | undefined;
  /** Variables that tools are started with; none where they are not known, as those of another system. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Its architecture as Node calls it; this machine's unless given. */
  readonly machine?: string | undefined;
}

/**
 * The system that is looked at. Every path is one of that system: links are followed below its root only, and
 * nothing is written.
 */
export class System {
  readonly root: SystemRoot;
  /** What uname(2) would say on it. */
  readonly release: string;
  readonly environment: SystemRequest['environment'];
  readonly machine: string;

  constructor({ root, release: given, environment, machine }: SystemRequest) {
    this.root = new SystemRoot(root);
    this.environment = environment;
    this.machine = machine ?? arch();
    const told = given ?? (this.running ? release() : this.#toldRelease());
    // It becomes part of paths, and comes out of a file.
    this.release = told.includes('/') ? '' : told;
  }

  /** Whether this is the running system. */
  get running(): boolean {
    return this.root.running;
  }

  kindOf(path: string): Kind {
    try {
      const real = this.root.resolve(path);
      if (real === undefined) return this.#isLink(path) ? 'dangling' : 'missing';
      const stats = statSync(real);
      if (stats.isDirectory()) return 'directory';
      return stats.isFile() ? 'file' : 'other';
    } catch (error) {
      return asIkfsError(error).code === 'not-found' ? 'missing' : 'unreadable';
    }
  }

  isDirectory(path: string): boolean {
    return this.kindOf(path) === 'directory';
  }

  isFile(path: string): boolean {
    return this.kindOf(path) === 'file';
  }

  /** stat(2) with links followed below the root; undefined when it is not there or can not be looked at. */
  stat(path: string): Stats | undefined {
    const real = this.real(path);
    try {
      return real === undefined ? undefined : statSync(real);
    } catch {
      return undefined;
    }
  }

  /** Where a path lies on the machine that this runs on, its last name as it is: that may be a link. */
  place(path: string): string | undefined {
    const folder = this.real(dirname(path));
    return folder === undefined ? undefined : join(folder, basename(path));
  }

  /** lstat(2); undefined when it is not there or can not be looked at. */
  lstat(path: string): Stats | undefined {
    try {
      const place = this.place(path);
      return place === undefined ? undefined : lstatSync(place, { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  /** Names in a directory, sorted; none when it can not be read. */
  list(path: string): string[] {
    try {
      return this.root.list(path).map(({ name }) => name);
    } catch {
      return [];
    }
  }

  /** Where a path lies on the machine that this runs on, its links followed. */
  real(path: string): string | undefined {
    try {
      return this.root.resolve(path);
    } catch {
      return undefined;
    }
  }

  /**
   * The first bytes of a regular file; files of /proc tell no size, so it is read until it ends.
   * @param most bytes
   * @returns undefined when it is not there or can not be read
   */
  read(path: string, most: number): Buffer | undefined {
    const real = this.real(path);
    if (real === undefined) return undefined;
    try {
      return readRegularFile(openSync(real, constants.O_RDONLY | constants.O_NONBLOCK), most);
    } catch {
      return undefined;
    }
  }

  #isLink(path: string): boolean {
    return this.lstat(path)?.isSymbolicLink() === true;
  }

  /** What another system's /proc says, else the newest of its modules. */
  #toldRelease(): string {
    const told = this.read('/proc/sys/kernel/osrelease', 1024)?.toString().trim();
    if (told !== undefined && told !== '') return told;
    const banner = parseBanner(this.read('/proc/version', 1024)?.toString() ?? '');
    if (banner) return banner.release;
    const folders = moduleRoots.flatMap((place) => this.list(place)).filter((name) => /^\d+\.\d/.test(name));
    const images = this.list('/boot').flatMap((name) => /^vmlinu[xz]-(\d.*)$/.exec(name)?.[1] ?? []);
    return [...folders, ...images].sort(byVersion).at(-1) ?? '';
  }
}

/**
 * Reads a regular file and closes it.
 * @param most bytes
 * @returns undefined when it is none
 */
export function readRegularFile(descriptor: number, most: number): Buffer | undefined {
  try {
    if (!fstatSync(descriptor).isFile()) return undefined;
    const bytes = Buffer.alloc(most);
    let size = 0;
    for (let got = -1; got !== 0 && size < most; size += got) {
      got = readSync(descriptor, bytes, size, most - size, null);
    }
    return bytes.subarray(0, size);
  } finally {
    closeSync(descriptor);
  }
}

/** Releases and versions in order: numbers as numbers. */
export function byVersion(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return Array.from(version.matchAll(/\d+/g), ([digits]) => Number(digits));
}

/** Whether a version is known and earlier than another. */
export function isBefore(version: string | undefined, other: string): boolean {
  return version !== undefined && byVersion(version, other) < 0;
}
