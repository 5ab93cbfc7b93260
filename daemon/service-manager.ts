import { IkfsError, asIkfsError, describeError } from '../src/errors.ts';
import { fromNativeError, native } from '../src/native.ts';
import type { NativeNotifySocket } from '../src/native.ts';
import { inBackground } from './background.ts';
import { log } from './log.ts';
import { printable } from './printable.ts';

/** How soon a message is sent again that the service manager had no room for, in milliseconds. */
const retryMilliseconds = 50;

/** While a start takes long, it is said to go on this often, for so long each time, and no longer than that in all. */
const starting = { everyMilliseconds: 10_000, forMilliseconds: 30_000, mostMilliseconds: 600_000 };

/**
 * Tells the service manager how things stand, in the words of sd_notify(3). Without one nothing is said. It is
 * never waited for, and what can not be said is logged once: a mount serves on all the same.
 */
export class ServiceManager {
  /** At least this often it wants to hear that all is well, in milliseconds; undefined when it does not. */
  readonly watchdogMilliseconds: number | undefined;
  readonly #socket: NativeNotifySocket | undefined;
  /** Messages that could not be sent yet, each as its lines. */
  readonly #unsent: (readonly string[])[] = [];
  #retry: NodeJS.Timeout | undefined;
  #complained = false;
  #stopping = false;

  /**
   * Finds the service manager by the environment, and takes out of it what is for this process only: no child
   * is to speak in its name.
   */
  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET: address, WATCHDOG_USEC: period, WATCHDOG_PID: watched } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'])
      Reflect.deleteProperty(environment, name);
    if (address === undefined || address === '') return;
    try {
      if (!native)
        throw new IkfsError('unavailable', 'it takes the addon to tell the service manager anything');
      this.#socket = native.openNotifySocket(address);
    } catch (error) {
      this.#complain(error);
      return;
    }
    const isForUs = watched === undefined || watched === String(process.pid);
    const microseconds = Number(period);
    if (isForUs && microseconds > 0) this.watchdogMilliseconds = microseconds / 1000;
  }

  /** Whether there is one. */
  get isThere(): boolean {
    return this.#socket !== undefined;
  }

  /** The start goes on, and takes as long as it takes. @returns to be called when it is over */
  starting(text: string): () => void {
    if (!this.isThere) return () => undefined;
    const end = Date.now() + starting.mostMilliseconds;
    this.status(text);
    const timer = setInterval(() => {
      if (Date.now() < end) this.#tell([`EXTEND_TIMEOUT_USEC=${starting.forMilliseconds * 1000}`]);
    }, starting.everyMilliseconds).unref();
    return () => {
      clearInterval(timer);
    };
  }

  /** The mount answers, or a reload is over. */
  ready(): void {
    if (this.#stopping) return;
    // The process that the service manager has started is another one, and ends now.
    this.#tell(['READY=1', ...(inBackground() ? [`MAINPID=${process.pid}`] : [])]);
  }

  /** A reload begins; `ready()` ends it, whatever came of it. */
  reloading(): void {
    if (this.#stopping) return;
    this.#tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
  }

  stopping(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#tell(['STOPPING=1']);
  }

  /** What is being done, in a few words. Of no consequence, so that it is left out when there is no room for it. */
  status(text: string): void {
    if (this.#unsent.length === 0) this.#send([`STATUS=${printable(text)}`]);
  }

  /** All is well. */
  alive(): void {
    this.#tell(['WATCHDOG=1']);
  }

  /** Says something that must be heard, in the order in which it was said. */
  #tell(lines: readonly string[]): void {
    if (!this.isThere) return;
    this.#unsent.push(lines);
    if (this.#retry === undefined) this.#sendAll();
  }

  #sendAll(): void {
    this.#retry = undefined;
    for (let next = this.#unsent[0]; next; next = this.#unsent[0]) {
      if (!this.#send(next)) {
        this.#retry = setTimeout(() => {
          this.#sendAll();
        }, retryMilliseconds).unref();
        return;
      }
      this.#unsent.shift();
    }
  }

  /** @returns false when it has to be sent again later */
  #send(lines: readonly string[]): boolean {
    try {
      return this.#socket?.send(lines.join('\n')) ?? true;
    } catch (error) {
      this.#complain(fromNativeError(error));
      return true;
    }
  }

  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    log('warning', `the service manager can not be told anything: ${describeError(asIkfsError(error))}`);
  }
}
