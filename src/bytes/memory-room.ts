import { IkfsError } from '../errors.ts';

/** How much files in memory may take together, in bytes. */
export class MemoryRoom {
  readonly most: number;
  #taken = 0;
  /** Settles when nobody writes alone any more. */
  #free: Promise<unknown> = Promise.resolve();

  constructor(most: number) {
    this.most = most;
  }

  /** What they take at this moment, in bytes. */
  get taken(): number {
    return this.#taken;
  }

  /** What they may take more, in bytes. */
  get left(): number {
    return Math.max(0, this.most - this.#taken);
  }

  /**
   * Does something after all others that were to be done alone: those who write more than they can count meanwhile, to
   * whom alone all that is left is promised.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#free.then(work);
    this.#free = done.catch(() => undefined);
    return done;
  }

  /** Counts bytes that have been written. */
  take(bytes: number): void {
    this.#taken += bytes;
  }

  /** Counts bytes that have gone. */
  give(bytes: number): void {
    this.#taken -= bytes;
  }

  /** What whoever wants to write more is told. */
  exhausted(): IkfsError {
    const mebibytes = Math.floor(this.most / 1024 ** 2);
    return new IkfsError(
      'no-memory',
      `files in memory would take more than the ${mebibytes} MiB left to them`,
      {
        advice: 'Raise --memory-limit, or give a directory that can be written to with --cache-dir',
      },
    );
  }
}
