import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { temporaryFolder } from '../open-tree.ts';

/** The command as it is installed. */
export const ikfs = join(packageRoot, process.env['IKFS_DIST'] ?? 'dist', 'daemon', 'main.js');

/** A running `ikfs mount`. */
export interface Daemon {
  readonly mountpoint: string;
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  readonly output: () => string;
  /** Ends it as Ctrl-C does. @returns its exit status */
  readonly stop: () => Promise<number | null>;
}

/** How long a mount may take on a busy machine, in milliseconds. */
const patience = 120_000;

/** Mounts and resolves when the mount answers. @throws Error with what it printed when it does not mount */
export async function startDaemon(options: readonly string[]): Promise<Daemon> {
  const folder = temporaryFolder();
  const mountpoint = join(folder.path, 'mnt');
  mkdirSync(mountpoint);
  const store = options.includes('--no-cache') ? [] : ['--cache-dir', join(folder.path, 'cache')];
  const child = spawn(process.execPath, [ikfs, 'mount', mountpoint, ...store, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    const give = (message: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${message}: ${output}`));
    };
    const timer = setTimeout(give, patience, 'did not mount in time');
    const listen = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!isMounted(mountpoint)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('exit', () => {
      clearTimeout(timer);
      give('ended');
    });
  });
  return {
    mountpoint,
    process: child,
    output: () => output,
    async stop() {
      child.kill('SIGINT');
      const status = await ended;
      if (!isMounted(mountpoint)) folder.remove();
      return status;
    },
  };
}

/** Whether something is mounted at a path; looks at the mount table only, never at the mount. */
export function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === path);
}

/** What a command prints. @throws Error with what it said when it fails */
export function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(out).toString());
      else
        reject(new Error(`${command} ${args.join(' ')}: ${status}: ${Buffer.concat(complaints).toString()}`));
    });
  });
}
