import { constants } from 'node:os';
import { log } from './log.ts';

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Waits to be told to stop. Ctrl-C may come as two signals (one from the terminal, one from npm), so the second does
 * nothing but ask for patience; the third ends the process as it is.
 */
export class StopSignal {
  /** Resolves with the first signal. */
  readonly received: Promise<NodeJS.Signals>;
  #count = 0;

  constructor() {
    this.received = new Promise((resolve) => {
      for (const signal of stopSignals) {
        process.on(signal, () => {
          this.#count += 1;
          if (this.#count === 1) resolve(signal);
          if (this.#count === 2) log('info', 'unmounting; a further signal ends ikfs without');
          if (this.#count === 3) process.exit(128 + constants.signals[signal]);
        });
      }
    });
  }
}
