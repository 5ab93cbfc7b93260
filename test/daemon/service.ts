/* `ikfs mount` as a service manager runs it, over a made-up system. */
import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { buildBtf } from '../format/btf-builder.ts';
import { isMounted } from '../mount/daemon.ts';
import { moduleFile, vmlinux, writeFiles } from '../synthetic-kernel.ts';
import { commandLine, folderOf, ownCache } from './ikfs.ts';

/** The release of the made-up system's kernel. */
export const release = '6.6.1-test';

/** A running daemon. */
export interface Service {
  readonly mountpoint: string;
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit status, or the signal that ended it, once all that it said was read. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** How a daemon is to be run. */
export interface ServiceOptions {
  readonly mountpoint?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The root of a system with one kernel and its modules, gone after the test. */
export function systemOf(t: ExecutionContext): string {
  const path = folderOf(t);
  writeFiles(path, {
    'boot/vmlinux': vmlinux({ release, btf: buildBtf(), config: 'CONFIG_X=y\n' }),
    [`lib/modules/${release}/kernel/one.ko`]: moduleFile('one', release),
  });
  return path;
}

/** A mountpoint that is not there yet, and nothing mounted there after the test. */
export function mountpointOf(t: ExecutionContext): string {
  const path = join(folderOf(t), 'mnt');
  // Teardowns run in reverse, so this comes before the folder's removal.
  t.teardown(() => {
    if (isMounted(path)) spawnSync('umount', ['-l', path]);
  });
  return path;
}

/** Starts a daemon; that it is ready, its service manager is told. */
export function startService(t: ExecutionContext, options: ServiceOptions = {}): Service {
  const mountpoint = options.mountpoint ?? mountpointOf(t);
  const args = options.args ?? ['--sysroot', systemOf(t)];
  const [command, ...words] = commandLine(['mount', mountpoint, ...ownCache(t), ...args]);
  const child = spawn(command, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (status, signal) => {
      resolve(status ?? signal);
    });
  });
  return { mountpoint, process: child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Waits for something to become true. @throws Error when it does not within two minutes */
export async function eventually(what: string, holds: () => boolean | PromiseLike<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
