import { spawn } from 'node:child_process';
import { IkfsError } from '../../src/errors.ts';
import type { WorkTree } from './work-tree.ts';

/** Signals that end make and not ikfs, which has to clean up after it. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs make in the work tree, its output being ours.
 * @throws IkfsError `unavailable` when there is no make, `not-found` when what was to be made was not
 */
export async function runMake(tree: WorkTree, args: readonly string[]): Promise<void> {
  const status = await start(tree, args, 'inherit');
  if (status.code !== 0) {
    const how = status.signal ?? `status ${status.code ?? ''}`;
    throw new IkfsError('not-found', `ended with ${how}: not everything was built`, { steps: ['make'] });
  }
}

/** What make prints, undefined when it fails. @throws IkfsError `unavailable` when there is no make */
export async function askMake(tree: WorkTree, args: readonly string[]): Promise<string | undefined> {
  const { code, output } = await start(tree, ['-s', ...args], 'pipe');
  return code === 0 ? output : undefined;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

function start(tree: WorkTree, args: readonly string[], output: 'inherit' | 'pipe'): Promise<Ended> {
  const silent = output === 'pipe';
  const child = spawn('make', ['-C', tree.build, ...args], {
    stdio: ['ignore', output, silent ? 'ignore' : 'inherit'],
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of passedOn) process.on(signal, pass);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(
        new IkfsError('unavailable', 'can not be run', {
          steps: ['make'],
          advice: 'Install GNU make',
          cause,
        }),
      );
    });
    child.on('close', (code, signal) => {
      resolve({ code, signal, output: Buffer.concat(chunks).toString() });
    });
  }).finally(() => {
    for (const signal of passedOn) process.off(signal, pass);
  });
}
