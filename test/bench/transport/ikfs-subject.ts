import { readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { ikfs } from '../../mount/daemon.ts';
import { runCommand } from './commands.ts';
import type { Mountpoints } from './peers.ts';
import { ServerProcess } from './server-process.ts';
import type { MountedTree, Requests, Subject } from './subject.ts';

/** What ikfs is to serve, and how. */
export interface IkfsOptions {
  readonly transport: string;
  /** Whether contents are pushed into the page cache after mounting; waited for before anything is measured. */
  readonly prefetch: boolean;
  /** Options that name the kernels, as for all commands. */
  readonly sources: readonly string[];
  /** Folder of the store. */
  readonly store: string;
}

/** A mount of ikfs. */
export interface IkfsMount {
  readonly mountpoint: string;
  readonly requests: () => Requests;
  readonly unmount: () => Promise<void>;
}

/** Runs a command of ikfs to its end. @throws Error with what it complained of */
export function runIkfs(args: readonly string[]): string {
  return runCommand(process.execPath, [ikfs, ...args]);
}

/** Mounts ikfs. @throws Error with what it printed when it does not mount */
export async function mountIkfs(options: IkfsOptions, mountpoints: Mountpoints): Promise<IkfsMount> {
  const { transport, prefetch, sources, store } = options;
  const mountpoint = mountpoints.next();
  const server = new ServerProcess(
    process.execPath,
    [
      ...[ikfs, 'mount', mountpoint, '--transport', transport, '--cache-dir', store, ...sources],
      ...(prefetch ? ['--prefetch', '--verbose'] : ['--no-prefetch']),
    ],
    mountpoint,
  );
  await server.mounted(prefetch ? 'prefetched ' : 'Ctrl-C unmounts');
  return {
    mountpoint,
    requests() {
      const status = JSON.parse(readFileSync(join(mountpoint, 'status.json'), 'utf8')) as {
        requests: Requests;
      };
      return status.requests;
    },
    async unmount() {
      await server.stop();
      rmdirSync(mountpoint);
    },
  };
}

/**
 * The header tree as ikfs serves it.
 * @param release of the kernel whose headers they are
 */
export function ikfsSubject(
  name: string,
  release: string,
  options: IkfsOptions,
  mountpoints: Mountpoints,
): Subject {
  return {
    name,
    async mount(): Promise<MountedTree> {
      const { mountpoint, requests, unmount } = await mountIkfs(options, mountpoints);
      return { top: join(mountpoint, release, 'build'), requests, unmount };
    },
  };
}
