import { constants } from 'node:os';
import { endProcess } from './end-process.ts';
import { log } from './log.ts';

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Waits to be told to stop. The first signal ends the mount in good order, the second has it go without patience for
 * requests that are still being answered, the third ends the process as it is. Ctrl-C may come as two signals
 * (one from the terminal, one from npm), so the second must do no harm.
 */
export class StopSignal {
  /** Resolves with the first signal. */
  readonly received: Promise<NodeJS.Signals>;
  readonly #hasten = new AbortController();
  #count = 0;

  constructor() {
    this.received = new Promise((resolve) => {
      for (const signal of stopSignals) {
        process.on(signal, () => {
          this.#count += 1;
          if (this.#count === 1) resolve(signal);
          if (this.#count === 2) this.#hasten.abort();
          if (this.#count === 2) log('info', 'unmounting at once; a further signal ends ikfs without');
          if (this.#count === 3) endProcess(128 + constants.signals[signal], 0);
        });
      }
    });
  }

  /** Aborted by the second signal. */
  get hastened(): AbortSignal {
    return this.#hasten.signal;
  }
}
