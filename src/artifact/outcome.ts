import { describeError } from '../errors.ts';
import type { IkfsError } from '../errors.ts';
import type { Step } from '../source/image.ts';
import type { Content } from './content.ts';

/** What came of asking one source for an artifact. */
export interface Attempt {
  /** The file, or what else was asked. */
  readonly source: string;
  readonly reason: string;
}

/** Where an artifact came from. */
export interface Provenance {
  /** The file that carries it. */
  readonly source: string;
  /** The layers taken off to reach it, outermost first. */
  readonly steps: readonly Step[];
  /** True when ikfs worked it out from something else instead of finding it. */
  readonly derived: boolean;
  /** Last modification of the source, in milliseconds since the epoch. */
  readonly modified: number;
}

/** What came of asking all sources for an artifact: it is here, it is nowhere, or it is there but broken. */
export type Outcome =
  | {
      readonly state: 'ready';
      readonly content: Content;
      readonly provenance: Provenance;
      readonly attempts: readonly Attempt[];
    }
  | { readonly state: 'absent'; readonly attempts: readonly Attempt[] }
  | { readonly state: 'failed'; readonly error: IkfsError; readonly attempts: readonly Attempt[] };

/** Whether it is for all who ask: a lack of memory may be gone by the next time. */
export function lasts(outcome: Outcome): boolean {
  return outcome.state !== 'failed' || outcome.error.code !== 'no-memory';
}

/** An artifact that is there. */
export type ReadyOutcome = Extract<Outcome, { readonly state: 'ready' }>;

/** A source's answer: the artifact, or in words why it has none. */
export type Answer =
  { readonly content: Content; readonly provenance: Provenance } | { readonly missing: string };

/** One place that may have an artifact. */
export interface Candidate {
  readonly source: string;
  readonly ask: () => Answer | Promise<Answer>;
}

/**
 * Asks sources in order until one has the artifact. One that is broken does not keep the next from being
 * asked; the outcome is `failed` only when nobody has it and somebody was broken.
 */
export async function firstOf(
  candidates: readonly Candidate[],
  asError: (thrown: unknown, source: string) => IkfsError,
): Promise<Outcome> {
  const attempts: Attempt[] = [];
  let failure: IkfsError | undefined;
  for (const { source, ask } of candidates) {
    try {
      const answer = await ask();
      if (!('missing' in answer)) return { state: 'ready', ...answer, attempts };
      attempts.push({ source, reason: answer.missing });
    } catch (thrown) {
      const error = asError(thrown, source);
      if (error.code !== 'not-found') failure ??= error;
      attempts.push({ source, reason: describeError(error) });
    }
  }
  return failure ? { state: 'failed', error: failure, attempts } : { state: 'absent', attempts };
}
