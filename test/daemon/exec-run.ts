/* Running `ikfs exec` and seeing what it leaves behind. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { commandLine } from './ikfs.ts';
import type { RunOptions } from './ikfs.ts';

/** What tools take for the running kernel. */
export const running = release();

/** A command under way. */
export interface Executed {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its status or the signal that ended it, once its output was read. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts `ikfs exec`.
 * @param before words in front of the whole command, such as `setpriv`
 */
export function startExec(
  args: readonly string[],
  { env, cwd }: RunOptions = {},
  before: readonly string[] = [],
): Executed {
  const [command = '', ...words] = [...before, ...commandLine(['exec', ...args])];
  const child = spawn(command, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (status, signal) => {
      resolve(status ?? signal);
    });
  });
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** What is still there of a mount for one command: mounts, directories and processes. */
export function tracesOf({ process: { pid = 0 } }: Executed, folder = '/run'): string[] {
  const place = `${folder}/ikfs-exec-${pid}`;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...mounts.filter((line) => line.includes(`${place} `)),
    ...(existsSync(place) ? [place] : []),
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => commandLineOf(name).includes(place)),
  ];
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
