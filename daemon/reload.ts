import type { ServiceManager } from './service-manager.ts';

/** Why to look again: somebody has asked (SIGHUP), something turned out to be damaged, or was seen to change. */
type Reason = 'asked' | 'damaged' | 'changed';

/**
 * Looks for kernels and modules again, once at a time. What is asked for while that is under way is done once more
 * afterwards: what was looked at first may have changed since.
 */
export class Reload {
  readonly #manager: ServiceManager;
  readonly #onError: (error: unknown) => void;
  #work: (() => Promise<void>) | undefined;
  #wanted: Reason | undefined;
  #isRunning = false;

  /** SIGHUP reloads from now on, as daemons do. The hangup of the terminal that it runs on ends it instead. */
  constructor(manager: ServiceManager, onError: (error: unknown) => void) {
    this.#manager = manager;
    this.#onError = onError;
    process.on('SIGHUP', () => {
      if (process.stdin.isTTY) process.kill(process.pid, 'SIGTERM');
      else this.request('asked');
    });
  }

  /** @param work looks again; what was asked for before there was anything to reload is done now */
  begin(work: () => Promise<void>): void {
    this.#work = work;
    if (this.#wanted !== undefined) void this.#run();
  }

  request(reason: Reason): void {
    if (this.#wanted !== 'asked') this.#wanted = reason;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (!this.#work || this.#isRunning) return;
    this.#isRunning = true;
    for (let reason = this.#wanted; reason !== undefined; reason = this.#wanted) {
      this.#wanted = undefined;
      if (reason === 'asked') this.#manager.reloading();
      try {
        await this.#work();
      } catch (error) {
        this.#onError(error);
      }
      if (reason === 'asked') this.#manager.ready();
    }
    this.#isRunning = false;
  }
}
