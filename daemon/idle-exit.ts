import type { Mounted, RequestCounts } from '../src/transport/transport.ts';

/** Requests that do not mean that somebody uses the mount: housekeeping, and what df and the watchdog ask. */
const withoutUse = ['INIT', 'DESTROY', 'FORGET', 'BATCH_FORGET', 'INTERRUPT', 'STATFS'];

/** No longer than this passes between looks, in milliseconds. */
const longestPause = 30_000;

/** Unmounts a tree that nobody uses any more. */
export class IdleExit {
  /** Resolves when it was unmounted for want of use. */
  readonly unmounted: Promise<'idle'>;
  readonly #mounted: Mounted;
  readonly #limit: number;
  readonly #timer: NodeJS.Timeout;
  #resolve: (end: 'idle') => void = () => undefined;
  #uses: number;
  #usedAt = performance.now();
  #isLooking = false;

  /** @param seconds for which nobody has asked for anything and nothing was made by then */
  constructor(mounted: Mounted, seconds: number) {
    this.#mounted = mounted;
    this.#limit = seconds * 1000;
    this.#uses = usesOf(mounted.requests());
    this.unmounted = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setInterval(() => void this.#look(), Math.min(this.#limit / 4, longestPause)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    const uses = usesOf(this.#mounted.requests());
    const now = performance.now();
    if (uses !== this.#uses || this.#mounted.making().length > 0) {
      this.#uses = uses;
      this.#usedAt = now;
    }
    if (now - this.#usedAt < this.#limit) return;
    this.#isLooking = true;
    const isUnmounted = await this.#mounted.unmountIfUnused();
    this.#isLooking = false;
    if (isUnmounted) {
      this.stop();
      this.#resolve('idle');
    } else {
      // Somebody has a file open or works in a directory of it: that is use as well.
      this.#usedAt = performance.now();
    }
  }
}

function usesOf(requests: RequestCounts): number {
  return Object.entries(requests).reduce(
    (sum, [name, count]) => (withoutUse.includes(name) ? sum : sum + count),
    0,
  );
}
