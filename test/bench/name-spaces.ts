import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

/** Why nothing can be mounted for a measurement, or undefined when it can. @param tools commands that it needs */
export function missingForMounts(tools: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'only root has mounts of its own';
  const absent = ['unshare', ...tools].filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error,
  );
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`;
}

/**
 * Runs a script of the benchmarks in a mount and a process name space of its own. Whatever it mounts or runs ends with
 * the first process in there, however that ends.
 * @returns what it wrote to descriptor 3
 * @throws Error when it fails
 */
export async function runInNameSpaces(script: string, args: readonly string[]): Promise<string> {
  const alone = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];
  const child = spawn('unshare', [...alone, process.execPath, script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  // The first process of a process name space does not take SIGINT and SIGTERM; unshare(1) waits it out.
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const written = text(child.stdio[3] as Readable);
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (status !== 0) throw new Error(`the measurements ended with ${status ?? signal}`);
    return await written;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
