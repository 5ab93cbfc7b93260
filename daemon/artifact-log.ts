import type { Settled } from '../src/artifact/workshop.ts';
import { asIkfsError, describeError } from '../src/errors.ts';
import { formatSize } from './format-size.ts';
import { log } from './log.ts';

/** Writes the log of a mount: each failure once, and with `verbose` a line for each artifact. */
export class ArtifactLog {
  readonly #verbose: boolean;
  readonly #failures = new Set<string>();

  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  readonly settled = ({ release, artifact, outcome, milliseconds }: Settled): void => {
    switch (outcome.state) {
      case 'failed':
        this.failed(outcome.error);
        break;
      case 'ready':
        if (!this.#verbose) break;
        log(
          'info',
          `${release}/${artifact}: ${formatSize(outcome.content.size)} in ${milliseconds.toFixed(1)} ms from ${outcome.provenance.source}`,
        );
        break;
      case 'absent':
        if (!this.#verbose) break;
        log(
          'info',
          `${release}/${artifact}: absent in ${milliseconds.toFixed(1)} ms: ${outcome.attempts.at(-1)?.reason ?? 'no source'}`,
        );
    }
  };

  /** Something failed; the same thing is often told by the maker and again by who asked. */
  readonly failed = (thrown: unknown): void => {
    const text = describeError(asIkfsError(thrown));
    if (this.#failures.has(text)) return;
    this.#failures.add(text);
    log('error', text);
  };
}
