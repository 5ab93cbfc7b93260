/*
 * npm run bench [-- NAME... [--rounds N] [--no-fail]]: runs the benchmarks of those names, or all, and prints ikfs
 * beside its peers. Ends with status 1 when something is over its bar, unless --no-fail asks only for the figures.
 * --rounds says how often each side is measured where a benchmark does not need a fixed number.
 */
import { parseArgs } from 'node:util';
import { isOver, ratioOf } from './row.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';

/** The benchmarks by name. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  archive: () => import('./archive.ts'),
  'bpf-headers': () => import('./bpf-headers.ts'),
  btf: () => import('./btf.ts'),
  'header-blob': () => import('./header-blob.ts'),
  memory: () => import('./memory.ts'),
  transport: () => import('./transport.ts'),
  unwrap: () => import('./unwrap.ts'),
};

const columns = ['name', 'ours', 'peer', 'ratio', 'bar', ''] as const;

/** A time in seconds with a unit that keeps three digits. */
function time(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return seconds >= 1e-3 ? `${(seconds * 1e3).toFixed(1)} ms` : `${(seconds * 1e6).toFixed(1)} us`;
}

/** A figure of a row with its unit. */
function figure(value: number, { unit }: BenchRow): string {
  if (unit === 'count') return String(value);
  return unit === 'bytes' ? `${(value / 1e6).toFixed(1)} MB` : time(value);
}

function cells(row: BenchRow): string[] {
  const over = isOver(row);
  const verdict = over === undefined ? '' : over ? 'over' : 'ok';
  const bars = [row.bar?.toFixed(2), row.limit === undefined ? undefined : figure(row.limit, row)];
  const bar = bars.filter((each) => each !== undefined).join(', ');
  const peer = `${figure(row.peer, row)} (${row.peerName})`;
  return [row.name, figure(row.ours, row), peer, ratioOf(row).toFixed(2), bar, verdict];
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

const { values, positionals: names } = parseArgs({
  options: { rounds: { type: 'string' }, 'no-fail': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark ${unknown}; there are: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const options: BenchOptions = values.rounds === undefined ? {} : { rounds: Number(values.rounds) };
if (options.rounds !== undefined && !(Number.isInteger(options.rounds) && options.rounds > 0)) {
  console.error(`--rounds takes a number from 1 on, not '${values.rounds}'`);
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`measuring ${name} ...`);
  rows.push(...(await (await load()).run(options)));
}
printTable([columns, ...rows.map(cells)]);
if (rows.some(isOver) && !values['no-fail']) process.exitCode = 1;
