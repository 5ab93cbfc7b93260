import type { Mounted } from '../src/transport/transport.ts';
import { log, logError } from './log.ts';
import type { ServiceManager } from './service-manager.ts';

/**
 * Tells the service manager that all is well for as long as it is: a request has gone into the kernel, to a reader
 * and back; no reader has been at one request for longer than that takes; and JavaScript's loop has turned to
 * hear of it. When one of these fails to come, it says nothing, and leaves it to the service manager to end this.
 */
export class Watchdog {
  readonly #manager: ServiceManager;
  readonly #mounted: Mounted;
  /** Milliseconds between looks: half of what the service manager waits. */
  readonly #period: number;
  #timer: NodeJS.Timeout | undefined;
  #underWay = false;
  #isSilent = false;

  /** @param waits how long the service manager waits to hear something, in milliseconds */
  constructor(manager: ServiceManager, mounted: Mounted, waits: number) {
    this.#manager = manager;
    this.#mounted = mounted;
    this.#period = waits / 2;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), this.#period).unref();
    void this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#underWay) {
      this.#beSilent('the mount does not answer');
      return;
    }
    this.#underWay = true;
    try {
      await this.#mounted.roundTrip();
    } catch (error) {
      logError(error);
      return;
    } finally {
      this.#underWay = false;
    }
    const stalled = this.#mounted.stalled();
    if (stalled > this.#period) {
      this.#beSilent(`a reader has been at one request for ${(stalled / 1000).toFixed(1)} s`);
      return;
    }
    if (this.#isSilent) log('info', 'the mount answers again');
    this.#isSilent = false;
    this.#manager.alive();
  }

  #beSilent(reason: string): void {
    if (!this.#isSilent) log('error', `${reason}: the service manager's watchdog will see to it`);
    this.#isSilent = true;
  }
}
