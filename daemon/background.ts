import { constants } from 'node:os';
import { asIkfsError } from '../src/errors.ts';
import type { ExitCode } from './exit-code.ts';

/** Set for the process in the background. */
const variable = 'IKFS_IN_BACKGROUND';

/** The environment of a process that is to work in the background. */
export function environmentInBackground(): NodeJS.ProcessEnv {
  return { ...process.env, [variable]: '1' };
}

/** What the process in the background writes to standard output once it serves: a byte that no text has. */
export const readyMark = '\0';

/** Whether this is the process that works in the background. */
export function inBackground(): boolean {
  return process.env[variable] !== undefined;
}

/** Tells the waiting process that all is well, and lets go of the directory that it was started in. */
export function reportReady(): void {
  process.chdir('/');
  process.stdout.write(readyMark);
}

/**
 * Starts this command a second time, in a session of its own, and waits until it serves or has failed. Until then
 * what it writes is passed on, and signals are handed to it.
 * @param inGroup rather in this session and process group, which it may leave by itself: an automount lets no other
 * mount
 * @returns the status to end with
 * @throws IkfsError `io` when it can not be started
 */
export async function startInBackground({ inGroup }: { inGroup: boolean }): Promise<ExitCode> {
  const { spawn } = await import('node:child_process');
  const [script = '', ...args] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    detached: !inGroup,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentInBackground(),
  });
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, forward);
  child.stderr.pipe(process.stderr);
  return await new Promise<ExitCode>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const end = chunk.indexOf(readyMark);
      process.stdout.write(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) return;
      // What it says from now on, nobody hears.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(0);
    });
    child.on('error', (error) => {
      reject(asIkfsError(error, { step: '--background' }));
    });
    // Its output has been read to the end by then.
    child.on('close', (status, signal) => {
      resolve((status ?? 128 + (signal === null ? 0 : constants.signals[signal])) as ExitCode);
    });
  });
}
