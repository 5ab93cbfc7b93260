import { Shelf } from '../bytes/shelf.ts';
import type { Limits } from '../bytes/limits.ts';
import type { ReadTally } from '../bytes/descriptor-source.ts';
import type { BlobStore } from './blob-store.ts';
import type { Exposure } from './exposure.ts';
import { HeldMemory } from './held-memory.ts';
import type { Outcome } from './outcome.ts';

/** Told when an artifact has been asked for the first time and what came of it. */
export interface Settled {
  readonly release: string;
  /** Its name in the kernel's directory. */
  readonly artifact: string;
  readonly outcome: Outcome;
  /** Wall time it took, in milliseconds. */
  readonly milliseconds: number;
}

/** Counts of what has been made since the process started; what was found in the store is not made. */
export class MadeTally {
  artifacts = 0;
}

/** What every maker of artifacts works with. */
export class Workshop {
  readonly store: BlobStore;
  readonly limits: Limits;
  /** Counts what is read from inputs. */
  readonly reads: ReadTally;
  readonly made = new MadeTally();
  /** Who may read what is made. */
  readonly exposure: Exposure;
  /** What is held in memory only to be faster. */
  readonly memory: HeldMemory;
  readonly #onSettled: (settled: Settled) => void;

  constructor(
    store: BlobStore,
    limits: Limits,
    reads: ReadTally,
    onSettled: (settled: Settled) => void,
    exposure: Exposure = 'published',
  ) {
    this.exposure = exposure;
    this.store = store;
    this.memory = new HeldMemory(new Shelf(store.scratch));
    this.limits = limits;
    this.reads = reads;
    this.#onSettled = onSettled;
  }

  /** Runs a making and reports its outcome and how long it took. */
  async timed(release: string, artifact: string, make: () => Promise<Outcome>): Promise<Outcome> {
    const start = performance.now();
    const outcome = await make();
    this.memory.used();
    this.#onSettled({ release, artifact, outcome, milliseconds: performance.now() - start });
    return outcome;
  }
}
