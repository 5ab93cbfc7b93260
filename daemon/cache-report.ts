import type { StoreSummary } from '../src/store/store-summary.ts';
import { counted, formatCount, formatSize } from './format-size.ts';
import { formatTable } from './table.ts';

/** What `ikfs cache` tells of a store. */
export interface CacheReport {
  readonly folder: string;
  /** How large it may become, in bytes. */
  readonly mostBytes: number;
  /** What is in it now. */
  readonly summary: StoreSummary;
  /** What has just been removed, where that was asked for. */
  readonly removed?: { readonly blobs: number; readonly bytes: number } | undefined;
}

/** The report for people. @param now in milliseconds since the epoch */
export function formatCacheReport({ folder, mostBytes, summary, removed }: CacheReport, now: number): string {
  const { all, inUse, used } = summary;
  const amount = ({ blobs, bytes }: { blobs: number; bytes: number }): string =>
    `${formatSize(bytes)} in ${counted(blobs, 'blob')}`;
  const rows = [
    ['directory', folder],
    ...(removed ? [['removed', amount(removed)]] : []),
    ['kept', `${amount(all)}, at most ${formatSize(mostBytes)}`],
    ['in use', `${amount(inUse)}, by ${formatCount(inUse.processes)} running ikfs`],
    ...(used ? [['last used', formatAges(now - used.last, now - used.first)]] : []),
  ];
  return formatTable([{ title: '' }, { title: '' }], rows);
}

/** The report for programs: sizes in bytes, times as in ISO 8601. */
export function cacheReportJson({ folder, mostBytes, summary, removed }: CacheReport): object {
  const { all, inUse, used } = summary;
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return {
    folder,
    mostBytes,
    ...all,
    inUse,
    lastUsed: used ? { first: time(used.first), last: time(used.last) } : null,
    ...(removed ? { removed } : {}),
  };
}

function formatAges(least: number, most: number): string {
  const [from, to] = [formatAge(least), formatAge(most)];
  return from === to ? `${from} ago` : `${from} to ${to} ago`;
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** A length of time in its largest unit: `3 days`. */
function formatAge(milliseconds: number): string {
  for (const [unit, seconds] of units) {
    const count = Math.floor(milliseconds / 1000 / seconds);
    if (count > 0) return counted(count, unit);
  }
  return 'less than a minute';
}
