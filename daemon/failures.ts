import { asIkfsError } from '../src/errors.ts';
import { exitCodeOf } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { logError } from './log.ts';
import { isClosedPipe } from './output.ts';

/** Lets a command go on after what concerns one operand only; the first failure decides the exit status. */
export class Failures {
  #first: ExitCode = 0;

  /** The status to end with. */
  get exitCode(): ExitCode {
    return this.#first;
  }

  /** Reports what was thrown. @throws the same when nobody reads the output any more */
  add(thrown: unknown): void {
    if (isClosedPipe(thrown)) throw thrown;
    logError(thrown);
    this.note(exitCodeOf[asIkfsError(thrown).code]);
  }

  /** Takes note of a failure that has been reported. */
  note(exitCode: ExitCode): void {
    if (this.#first === 0) this.#first = exitCode;
  }
}
