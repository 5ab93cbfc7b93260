/** One line of the benchmark's table: what ikfs takes beside what another way of doing the same takes. */
export interface BenchRow {
  readonly name: string;
  /** Wall time of ikfs, in seconds. */
  readonly ours: number;
  /** Wall time of the peer, in seconds, measured in the same run. */
  readonly peer: number;
  /** What the peer is, such as `xz -dc`. */
  readonly peerName: string;
  /** The most that ours / peer may be; a row without a bar is only shown. */
  readonly bar?: number;
}

/** What a file of test/bench/ exports: its measurements. */
export interface Bench {
  run(): Promise<BenchRow[]>;
}

type Work = () => Promise<void> | void;

async function secondsOf(work: Work): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * Measures two ways of doing the same in turn, so that what else the machine does meets both alike; who goes
 * first changes with each run.
 * @param runs how often each is measured
 * @returns the medians, in seconds
 */
export async function interleaved(
  runs: number,
  ours: Work,
  peer: Work,
): Promise<{ ours: number; peer: number }> {
  const took: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  for (let index = 0; index < runs; index++) {
    if (index % 2 === 1) took.peer.push(await secondsOf(peer));
    took.ours.push(await secondsOf(ours));
    if (index % 2 === 0) took.peer.push(await secondsOf(peer));
  }
  return { ours: median(took.ours), peer: median(took.peer) };
}
