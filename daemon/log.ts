import { fstatSync } from 'node:fs';
import { asIkfsError, describeError } from '../src/errors.ts';
import { counted } from './format-size.ts';
import { LogFlow } from './log-flow.ts';
import { printable } from './printable.ts';
import { clearProgress } from './progress.ts';

/** What journald understands at the beginning of a line (sd-daemon(3)). */
const journalPrefixes = { error: '<3>', warning: '<4>', info: '<6>', debug: '<7>' } as const;

export type Severity = keyof typeof journalPrefixes;

/** The gravest first. */
export const severities = Object.keys(journalPrefixes) as readonly Severity[];

/** What is less grave is not written. */
let least: Severity = 'info';

/** Holds back what would flood the journal; nobody reads it as it comes there. */
let flow: LogFlow | undefined;

/** Says from which severity on lines are written. */
export function setLogLevel(level: Severity): void {
  least = level;
}

/** From now on a hundred lines may come at once, and one a second in the long run. */
export function boundLog(): void {
  flow = new LogFlow(100, 1, performance.now());
}

/** Whether standard error goes to the journal: JOURNAL_STREAM names that file (systemd.exec(5)). */
const toJournal = ((): boolean => {
  const stream = process.env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    // Standard error is closed, so nothing goes anywhere.
    return false;
  }
})();

/** Writes one line about one event to standard error, unless its severity or the number of lines is against it. */
export function log(severity: Severity, text: string): void {
  if (severities.indexOf(severity) > severities.indexOf(least)) return;
  const held = flow ? flow.take(performance.now()) : 0;
  if (held === undefined) return;
  clearProgress();
  if (held > 0) writeLine('warning', `${counted(held, 'line')} left out, there were too many`);
  writeLine(severity, text);
}

function writeLine(severity: Severity, text: string): void {
  process.stderr.write(`${toJournal ? journalPrefixes[severity] : ''}ikfs: ${printable(text)}\n`);
}

/** Writes the line about something that was thrown. */
export function logError(thrown: unknown): void {
  log('error', describeError(asIkfsError(thrown)));
}
