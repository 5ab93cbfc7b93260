import { median } from '../row.ts';
import type { BenchRow } from '../row.ts';
import type { Responsiveness } from './responsiveness.ts';
import { pairedRatio } from './samples.ts';
import type { Samples } from './samples.ts';
import type { Scenario } from './scenarios.ts';

/** The subjects that are ikfs. */
export const ikfsNames = {
  kernel: 'ikfs kernel',
  warmed: 'ikfs kernel, pre-warmed',
  fuseNative: 'ikfs fuse-native',
} as const;

/** How ikfs is to compare: scenario, which ikfs, with what, and the most that ours / peer may be. */
const bars: readonly (readonly [scenario: Scenario, ours: string, peer: string, bar: number])[] = [
  ['warm compile', ikfsNames.kernel, 'tmpfs', 1.05],
  ['cold compile', ikfsNames.kernel, 'tmpfs', 1.1],
  ['cold compile', ikfsNames.kernel, 'squashfuse_ll', 1],
  ['cold compile', ikfsNames.kernel, ikfsNames.fuseNative, 1],
  ['cold compile', ikfsNames.warmed, 'tmpfs', 1.05],
  ['cold replay', ikfsNames.kernel, ikfsNames.fuseNative, 1 / 4],
  ['cold replay', ikfsNames.kernel, 'squashfuse_ll', 1 / 3],
  ['cold find', ikfsNames.kernel, 'squashfuse_ll', 1],
  ['warm find', ikfsNames.kernel, 'tmpfs', 1.3],
  ['warm cat', ikfsNames.kernel, 'tmpfs', 1.3],
  ['warm grep', ikfsNames.kernel, 'tmpfs', 1.3],
];

/** The longest that 99 of 100 lookups may take while something else is being made, in seconds. */
const longestLookup = 5e-3;

/** The rows of the table; a comparison of which one side could not be had is left out. */
export function comparisonRows(samples: Samples): BenchRow[] {
  return bars.flatMap(([scenario, subject, peerName, bar]): BenchRow[] => {
    const [ours, peer] = [samples.of(subject, scenario), samples.of(peerName, scenario)];
    if (ours.length === 0 || peer.length === 0) return [];
    const name = subject === ikfsNames.kernel ? scenario : `${scenario}, pre-warmed`;
    return [{ name, ours: median(ours), peer: median(peer), peerName, ratio: pairedRatio(ours, peer), bar }];
  });
}

/**
 * The rows about lookups while something is made.
 * @param measured by what is made, and by subject, a figure a round
 */
export function lookupRows(
  measured: ReadonlyMap<string, ReadonlyMap<string, readonly Responsiveness[]>>,
): BenchRow[] {
  return [...measured].flatMap(([artifact, bySubject]): BenchRow[] => {
    const p99 = (subject: string): number[] => (bySubject.get(subject) ?? []).map((each) => each.p99);
    const [ours, peer] = [p99(ikfsNames.kernel), p99(ikfsNames.fuseNative)];
    if (ours.length === 0 || peer.length === 0) return [];
    return [
      {
        name: `p99 of lookups while ${artifact} is made`,
        ours: median(ours),
        peer: median(peer),
        peerName: ikfsNames.fuseNative,
        limit: longestLookup,
      },
    ];
  });
}
