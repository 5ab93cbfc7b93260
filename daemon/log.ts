import { fstatSync } from 'node:fs';
import { asIkfsError, describeError } from '../src/errors.ts';
import { printable } from './printable.ts';
import { clearProgress } from './progress.ts';

/** What journald understands at the beginning of a line (sd-daemon(3)). */
const journalPrefixes = { error: '<3>', warning: '<4>', info: '<6>' } as const;

export type Severity = keyof typeof journalPrefixes;

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

/** Writes one line about one event to standard error. */
export function log(severity: Severity, text: string): void {
  clearProgress();
  process.stderr.write(`${toJournal ? journalPrefixes[severity] : ''}ikfs: ${printable(text)}\n`);
}

/** Writes the line about something that was thrown. */
export function logError(thrown: unknown): void {
  log('error', describeError(asIkfsError(thrown)));
}
