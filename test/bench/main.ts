/*
 * npm run bench [-- NAME... [--no-fail]]: runs the benchmarks of those names, or all, and prints ikfs beside its
 * peers. Ends with status 1 when a ratio is over its bar, unless --no-fail asks only for the figures.
 */
import type { Bench, BenchRow } from './row.ts';

/** The benchmarks by name. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  archive: () => import('./archive.ts'),
};

const columns = ['name', 'ours', 'peer', 'ratio', 'bar', ''] as const;

const isOver = ({ ours, peer, bar }: BenchRow): boolean => bar !== undefined && ours / peer > bar;

/** A time in seconds with a unit that keeps three digits. */
function time(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return seconds >= 1e-3 ? `${(seconds * 1e3).toFixed(1)} ms` : `${(seconds * 1e6).toFixed(1)} us`;
}

function cells(row: BenchRow): string[] {
  const verdict = row.bar === undefined ? '' : isOver(row) ? 'over' : 'ok';
  const bar = row.bar === undefined ? '' : row.bar.toFixed(2);
  const peer = `${time(row.peer)} (${row.peerName})`;
  return [row.name, time(row.ours), peer, (row.ours / row.peer).toFixed(2), bar, verdict];
}

function printTable(lines: readonly (readonly string[])[]): void {
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

const words = process.argv.slice(2);
const names = words.filter((word) => word !== '--no-fail');
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`measuring ${name} ...`);
  rows.push(...(await (await load()).run()));
}
printTable([columns, ...rows.map(cells)]);
if (rows.some(isOver) && !words.includes('--no-fail')) process.exitCode = 1;
