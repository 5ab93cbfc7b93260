/* Which requests the kernel sends for something that is done with a mount, by the counters of status.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Requests by the protocol's name of the operation. */
export type Requests = Readonly<Record<string, number>>;

/** What of status.json is looked at here. */
interface Counters {
  readonly requests: Requests;
  readonly artifactsMade: number;
}

/** Whoever reads status.json within 100 ms of somebody else is shown what that one saw, in milliseconds. */
const newReader = 120;

/** The counters as they are now. */
export async function counters(mountpoint: string): Promise<Counters> {
  await pause(newReader);
  const status = JSON.parse(await readFile(join(mountpoint, 'status.json'), 'utf8')) as {
    requests: Requests;
    counters: { artifactsMade: number };
  };
  return { requests: status.requests, artifactsMade: status.counters.artifactsMade };
}

function difference(after: Requests, before: Requests): Requests {
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return Object.fromEntries(
    [...names]
      .map((name): [string, number] => [name, (after[name] ?? 0) - (before[name] ?? 0)])
      .filter(([, count]) => count !== 0),
  );
}

/**
 * The requests that some work takes. What reading the counters takes by itself is measured without the work, and
 * taken off.
 */
export async function requestsOf(mountpoint: string, work: () => Promise<unknown>): Promise<Requests> {
  // The first reader asks for what is remembered from then on.
  await counters(mountpoint);
  const first = await counters(mountpoint);
  const before = await counters(mountpoint);
  await work();
  const after = await counters(mountpoint);
  return difference(difference(after.requests, before.requests), difference(before.requests, first.requests));
}

/** How often a measurement that did not come out right is taken for disturbed. */
const attempts = 3;

/**
 * Measures again where the result is not right: others on the machine may make the kernel drop its caches just
 * then, as benchmarks do.
 * @returns the first result that is right, or the last
 */
export async function undisturbed<T>(measure: () => Promise<T>, isRight: (result: T) => boolean): Promise<T> {
  let result = await measure();
  for (let attempt = 1; attempt < attempts && !isRight(result); attempt++) result = await measure();
  return result;
}
