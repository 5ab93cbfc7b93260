import type { Settled } from '../src/artifact/workshop.ts';
import { asIkfsError, describeError } from '../src/errors.ts';
import { formatSize } from './format-size.ts';
import { log } from './log.ts';

/** So many different failures are told once each; then all of them once more, lest memory grow with them. */
const mostRemembered = 10_000;

/** Writes the log of a mount: each failure once, and a line for each artifact to who wants to know that much. */
export class ArtifactLog {
  readonly #failures = new Set<string>();

  readonly settled = ({ release, artifact, outcome, milliseconds }: Settled): void => {
    switch (outcome.state) {
      case 'failed':
        this.failed(outcome.error);
        break;
      case 'ready':
        log(
          'debug',
          `${release}/${artifact}: ${formatSize(outcome.content.size)} in ${milliseconds.toFixed(1)} ms from ${outcome.provenance.source}`,
        );
        break;
      case 'absent':
        log(
          'debug',
          `${release}/${artifact}: absent in ${milliseconds.toFixed(1)} ms: ${outcome.attempts.at(-1)?.reason ?? 'no source'}`,
        );
    }
  };

  /** Something failed; the same thing is often told by the maker and again by who asked. */
  readonly failed = (thrown: unknown): void => {
    const text = describeError(asIkfsError(thrown));
    if (this.#failures.has(text)) return;
    if (this.#failures.size >= mostRemembered) this.#failures.clear();
    this.#failures.add(text);
    log('error', text);
  };
}
