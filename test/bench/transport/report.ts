import { median } from '../row.ts';
import type { Responsiveness } from './responsiveness.ts';
import type { Samples } from './samples.ts';
import type { Requests } from './subject.ts';

/** Prints lines of cells, each column as wide as its widest cell. */
function printTable(lines: readonly (readonly string[])[]): void {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** Milliseconds with three digits or so. */
function milliseconds(seconds: number): string {
  const value = seconds * 1e3;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Prints what was measured: a line a subject, the median and the least of each scenario. */
export function printSamples(
  samples: Samples,
  subjects: readonly string[],
  scenarios: readonly string[],
): void {
  console.log('\nmedian [least] in ms');
  printTable([
    ['', ...scenarios],
    ...subjects.map((subject) => [
      subject,
      ...scenarios.map((scenario) => {
        const figures = samples.of(subject, scenario);
        if (figures.length === 0) return '-';
        return `${milliseconds(median(figures))} [${milliseconds(Math.min(...figures))}]`;
      }),
    ]),
  ]);
}

/** Prints how lookups fared: a line an artifact and subject, medians of the rounds. */
export function printResponsiveness(
  measured: ReadonlyMap<string, ReadonlyMap<string, readonly Responsiveness[]>>,
): void {
  console.log('\nlookups elsewhere while something is made, in ms: medians of the rounds, and the worst p99');
  console.log('p99 counts also those that would have come while one was held up; p99 of made does not');
  const lines = [...measured].flatMap(([artifact, bySubject]) =>
    [...bySubject].map(([subject, rounds]) => {
      const middle = (key: keyof Responsiveness): number => median(rounds.map((each) => each[key]));
      const worst = Math.max(...rounds.map(({ p99 }) => p99));
      const times = [
        middle('making'),
        middle('median'),
        middle('p99OfMade'),
        middle('p99'),
        worst,
        middle('longest'),
      ];
      return [artifact, subject, String(middle('lookups')), ...times.map(milliseconds)];
    }),
  );
  printTable([
    ['made', '', 'lookups', 'making', 'p50', 'p99 of made', 'p99', 'worst p99', 'longest'],
    ...lines,
  ]);
}

/** Prints the requests that a server answered, by operation, the most frequent first. */
export function printRequests(title: string, requests: Requests): void {
  const counts = Object.entries(requests).sort(([, a], [, b]) => b - a);
  const sum = counts.reduce((total, [, count]) => total + count, 0);
  const each = counts.map(([operation, count]) => `${operation} ${count}`).join(', ');
  console.log(`${title}: ${sum}${each === '' ? '' : ` (${each})`}`);
}
