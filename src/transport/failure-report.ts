import { asIkfsError, describeError } from '../errors.ts';
import { Refusal } from './errno.ts';

/** Distinct errors remembered so as to report each once; with more than that, the log is no help anyway. */
const rememberedErrors = 1000;

/** Reports what requests failed with, each distinct error once. A refusal is no failure. */
export class FailureReport {
  readonly #onError: (error: unknown) => void;
  readonly #reported = new Set<string>();

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param path the request's in the mount, for an error that names no file */
  add(thrown: unknown, path: string): void {
    if (thrown instanceof Refusal) return;
    const error = asIkfsError(thrown);
    const located = error.path === undefined ? error.within({ path }) : error;
    const text = describeError(located);
    if (this.#reported.has(text) || this.#reported.size >= rememberedErrors) return;
    this.#reported.add(text);
    this.#onError(located);
  }
}
