import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { percentile, withThoseHeldUp } from './samples.ts';

/** Time between the beginnings of two lookups, in microseconds. */
const pace = 200;

/** What is read, and where names are looked up meanwhile. */
export interface Elsewhere {
  /** The file whose reading makes the artifact. */
  readonly artifact: string;
  /** Directory in which names are looked up. */
  readonly elsewhere: string;
  /** Lists of directories and files below it. */
  readonly directories: string;
  readonly files: string;
}

/** How lookups fared, in seconds. */
export interface Responsiveness {
  /** How long the artifact took. */
  readonly making: number;
  readonly lookups: number;
  readonly median: number;
  /** Of the lookups made, and of those that would have come while one was held up as well. */
  readonly p99: number;
  /** Of the lookups made alone: a stall counts once, however long it is. */
  readonly p99OfMade: number;
  readonly longest: number;
}

/**
 * Reads the artifact in one process, and looks names up in another until it is there.
 * @param program `lookups`
 */
export async function lookupsDuring(
  program: string,
  { artifact, elsewhere, directories, files }: Elsewhere,
): Promise<Responsiveness> {
  const prober = spawn(program, [String(pace), directories, files], {
    cwd: elsewhere,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    prober.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith('ready\n')) resolve();
    });
  });
  const probed = succeeded(prober, program);
  // Waited for below; it may fail before that.
  probed.catch(() => undefined);
  await Promise.race([ready, probed]);
  prober.stdin.write('\n');
  const started = performance.now();
  try {
    await succeeded(spawn('cat', [artifact], { stdio: ['ignore', 'ignore', 'inherit'] }), `cat ${artifact}`);
  } finally {
    prober.stdin.end();
  }
  const took = (performance.now() - started) / 1000;
  await probed;
  const nanoseconds = output.trim().split('\n').slice(1).map(Number);
  const inSeconds = (duration: number): number => duration / 1e9;
  const made = nanoseconds.map(inSeconds);
  const all = withThoseHeldUp(nanoseconds, pace * 1000).map(inSeconds);
  return {
    making: took,
    lookups: made.length,
    median: percentile(all, 0.5),
    p99: percentile(all, 0.99),
    p99OfMade: percentile(made, 0.99),
    longest: percentile(all, 1),
  };
}

async function succeeded(child: ChildProcess, name: string): Promise<void> {
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (status !== 0) throw new Error(`${name} ended with ${status ?? signal}`);
}
