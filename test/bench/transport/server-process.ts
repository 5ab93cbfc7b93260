import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { mountAt } from '../../../src/transport/mount-table.ts';
import { runCommand } from './commands.ts';

/** How long a server may take to mount, and to end once it was asked to, in milliseconds. */
const patience = 20_000;

/** A process that serves a mount. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #mountpoint: string;
  readonly #ended: Promise<void>;
  #output = '';
  #hasEnded = false;

  constructor(command: string, args: readonly string[], mountpoint: string) {
    this.#mountpoint = mountpoint;
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', listen);
    this.#child.stderr?.on('data', listen);
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.on('error', (error) => {
        this.#output += error.message;
        end();
      });
      this.#child.on('close', end);
    });
  }

  /** Its process id. @throws Error when it could not be started */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(this.#output.trim());
    return this.#child.pid;
  }

  /**
   * Waits until it has mounted.
   * @param announcement what it prints once it is ready; nothing when it says nothing
   * @throws Error with what it printed, when it ends or takes too long; it does not run on then
   */
  async mounted(announcement = ''): Promise<void> {
    const until = performance.now() + patience;
    while (!this.#output.includes(announcement) || mountAt(this.#mountpoint) === undefined) {
      if (this.#hasEnded || performance.now() > until) {
        await this.kill();
        throw new Error(this.#output.trim() || 'it said nothing and did not mount');
      }
      await delay(2);
    }
  }

  /** Asks it to end as Ctrl-C does. @throws Error when it does not, or leaves its mount behind */
  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await Promise.race([this.#ended, delay(patience, undefined, { ref: false })]);
    if (this.#hasEnded && mountAt(this.#mountpoint) === undefined) return;
    await this.kill();
    throw new Error(`the server of ${this.#mountpoint} did not end in order: ${this.#output.trim()}`);
  }

  /** Ends it at once and takes its mount away. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    if (mountAt(this.#mountpoint) !== undefined) runCommand('umount', ['-l', this.#mountpoint]);
  }
}
