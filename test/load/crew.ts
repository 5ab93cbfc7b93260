import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/native.ts';
import type { Random } from '../random.ts';
import type { Truths } from './truths.ts';
import type { Told } from './worker.ts';

/** What workers did, and what was wrong about it. */
export class Tally {
  readonly counts = new Map<string, number>();
  /** What was wrong, each as a line. */
  readonly wrong: string[] = [];
  /** How many files were compared with what another program says, and how many with what was read first. */
  readonly compared = { truth: 0, first: 0 };
  readonly #truths: Truths;
  readonly #first = new Map<string, string>();

  constructor(truths: Truths) {
    this.#truths = truths;
  }

  /** How many different files and directories were looked at. */
  get different(): number {
    return this.#first.size;
  }

  note(told: Told): void {
    this.counts.set(told.did, (this.counts.get(told.did) ?? 0) + 1);
    if (told.did === 'fail') this.wrong.push(`${told.name}: ${told.problem}`);
    if (!('sum' in told)) return;
    const truth = this.#truths.get(told.name);
    const first = this.#first.get(told.name);
    if (truth !== undefined) this.compared.truth += 1;
    else if (first !== undefined) this.compared.first += 1;
    const expected = truth ?? first ?? told.sum;
    if (told.sum !== expected) this.wrong.push(`${told.name}: is ${told.sum}, not ${expected}`);
    this.#first.set(told.name, told.sum);
  }
}

const program = join(packageRoot, process.env['IKFS_DIST'] ?? 'dist', 'test', 'load', 'worker.js');

/** So long a worker may take to end what it is at, in milliseconds: the first walk of btf-flat/ makes all of it. */
const patience = 300_000;

/** What workers work with. */
export interface Setting {
  readonly mountpoint: string;
  readonly scratch: string;
  /** What may be read, by the path in the mount. */
  readonly files: readonly string[];
  readonly random: Random;
  readonly tally: Tally;
  /** Told that a worker wants the daemon to look again. */
  readonly onHangup: () => void;
}

/** Workers, of which each that is killed is started again. */
export class Crew {
  readonly #workers = new Set<ChildProcess>();
  readonly #setting: Setting;
  #isStopped = false;

  /** @param count how many work at the same time */
  constructor(count: number, setting: Setting) {
    this.#setting = setting;
    for (let number = 0; number < count; number += 1) this.#start(number);
  }

  #start(number: number): void {
    const { mountpoint, scratch, files, random, tally, onHangup } = this.#setting;
    const child = fork(program, [mountpoint, join(scratch, String(number)), String(random.below(1e9))]);
    this.#workers.add(child);
    child.send({ files });
    child.on('message', (told: Told) => {
      tally.note(told);
      if (told.did === 'hangup') onHangup();
      // The crew does it for the worker: who is killed is a child of ours still, no process that has its number now.
      if (told.did === 'kill') random.pick([...this.#workers]).kill('SIGKILL');
    });
    child.on('exit', (status, signal) => {
      this.#workers.delete(child);
      if (signal !== 'SIGKILL' && status !== 0)
        tally.wrong.push(`worker ${number} ended: ${status ?? signal}`);
      if (!this.#isStopped) this.#start(number);
    });
  }

  /** Lets each end what it is at. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const worker of this.#workers) worker.send('stop');
    const deadline = Date.now() + patience;
    while (this.#workers.size > 0) {
      await delay(50);
      if (Date.now() < deadline) continue;
      this.#setting.tally.wrong.push(`${this.#workers.size} workers hang`);
      for (const worker of this.#workers) worker.kill('SIGKILL');
      return;
    }
  }
}
