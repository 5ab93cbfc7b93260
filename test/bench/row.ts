/** One line of the benchmark's table: what ikfs takes beside what another way of doing the same takes. */
export interface BenchRow {
  readonly name: string;
  /** Time of ikfs in seconds, its memory in bytes, or how often something is so. */
  readonly ours: number;
  /** The same of the peer, measured in the same run. */
  readonly peer: number;
  /** What the figures are; seconds unless given. */
  readonly unit?: 'seconds' | 'bytes' | 'count';
  /** What the peer is, such as `xz -dc`. */
  readonly peerName: string;
  /** ours / peer, where it was taken round by round; otherwise it is the ratio of the two figures. */
  readonly ratio?: number;
  /** The most that the ratio may be; a row with neither bar nor limit is only shown. */
  readonly bar?: number;
  /** The most that ours may be, whatever the peer takes. */
  readonly limit?: number;
}

/** What the command line asks of a benchmark. */
export interface BenchOptions {
  /** How often each side is measured; the benchmark's own number unless given. */
  readonly rounds?: number;
}

/** What a file of test/bench/ exports: its measurements. */
export interface Bench {
  run(options: BenchOptions): Promise<BenchRow[]>;
}

/** ours / peer of a row. */
export function ratioOf({ ours, peer, ratio = ours / peer }: BenchRow): number {
  return ratio;
}

/** Whether a row is over its bar or its limit; undefined when it has neither. */
export function isOver(row: BenchRow): boolean | undefined {
  const { ours, bar, limit } = row;
  if (bar === undefined && limit === undefined) return undefined;
  return (bar !== undefined && ratioOf(row) > bar) || (limit !== undefined && ours > limit);
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
