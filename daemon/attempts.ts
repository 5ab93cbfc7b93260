import type { Attempt } from '../src/artifact/outcome.ts';

/** Why nobody had an artifact, in one line: each source that was asked, with its reason. */
export function describeAttempts(attempts: readonly Attempt[]): string {
  if (attempts.length === 0) return 'there is no source that could have it';
  return attempts.map(describeAttempt).join('; ');
}

/** A reason without the name of the source in front, which errors put there (describeError). */
export function withoutSource(source: string, reason: string): string {
  const separator = [': ', ' > '].find((each) => reason.startsWith(source + each));
  return separator === undefined ? reason : reason.slice(source.length + separator.length);
}

/** One attempt: the source that was asked, and its reason. */
export function describeAttempt({ source, reason }: Attempt): string {
  return `${source}: ${withoutSource(source, reason)}`;
}
