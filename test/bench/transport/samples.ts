import { median } from '../row.ts';

/** What was measured: for each subject and scenario equally many figures a round, in the order of the rounds. */
export class Samples {
  readonly #figures = new Map<string, Map<string, number[]>>();

  add(subject: string, scenario: string, figure: number): void {
    const ofSubject = this.#figures.get(subject) ?? new Map<string, number[]>();
    this.#figures.set(subject, ofSubject);
    const figures = ofSubject.get(scenario) ?? [];
    ofSubject.set(scenario, figures);
    figures.push(figure);
  }

  /** The figures of a subject in a scenario; none when it was not measured. */
  of(subject: string, scenario: string): readonly number[] {
    return this.#figures.get(subject)?.get(scenario) ?? [];
  }
}

/**
 * The median of the ratios of figures of the same round. What slows the whole machine down for a while meets both sides of a
 * round, and drops out.
 * @throws RangeError when there are not equally many figures of both, or none
 */
export function pairedRatio(ours: readonly number[], peer: readonly number[]): number {
  if (ours.length !== peer.length) throw new RangeError('a round lacks a figure');
  return median(ours.map((figure, round) => figure / (peer[round] as number)));
}

/** The value below which that share of the values lies, such as 0.99; the largest of few. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new RangeError('there is no percentile of nothing');
  return value;
}

/**
 * Adds those calls that a caller at a steady pace would have made while it waited for a slow one: a server that
 * stands still for a second has not failed one caller but all who came meanwhile.
 * @param durations of calls made one after the other
 * @param pace time between the beginnings of two calls, in the same unit
 */
export function withThoseHeldUp(durations: readonly number[], pace: number): number[] {
  return durations.flatMap((duration) => {
    const all = [duration];
    for (let rest = duration - pace; rest > 0; rest -= pace) all.push(rest);
    return all;
  });
}
