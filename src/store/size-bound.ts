import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { asIkfsError } from '../errors.ts';

/**
 * What tools ask of a kernel is some 100 MB: headers, configuration, types. All that can be made of each of 4,000 modules
 * is 2 GB more, and soon made again.
 */
const usualMost = 2 * 1024 ** 3;

/** On small devices: this part of the file system, so that what is kept for speed alone never crowds out the rest. */
const usualPart = 1 / 10;

/**
 * How large a store may become unless it is said otherwise, in bytes.
 * @param folder of the store; where it is not there yet, the file system that it would be in counts
 * @throws IkfsError `denied`, `io`
 */
export function usualBound(folder: string): number {
  try {
    const { blocks, bsize } = statfsSync(folder);
    return Math.floor(Math.min(usualMost, blocks * bsize * usualPart));
  } catch (thrown) {
    const error = asIkfsError(thrown, { path: folder, step: 'store' });
    if (error.code !== 'not-found' || folder === dirname(folder)) throw error;
    return usualBound(dirname(folder));
  }
}

/** Below the bound by this part of it once something had to go, so that not each blob that is made evicts another. */
const slack = 1 / 8;

/** However little room is left, so much of the bound is made before the store is looked at again. */
const leastBetween = 1 / 64;

/**
 * Keeps a store below a size, without a list of what is in it: each process looks for itself, at the first blob that it
 * makes and again when it has made half of what there was room for. So two that look at the same time do not
 * exceed it together.
 */
export class SizeBound {
  /** In bytes. */
  readonly most: number;
  readonly #shrink: (above: number, to: number) => number;
  readonly #exceeded: (left: number) => void;
  /** Bytes that may be made before the store is looked at again. */
  #ahead = 0;
  #isExceeded = false;

  /**
   * @param most in bytes
   * @param shrink looks how large the store is; if that is above the one size, evicts until it is at the other, as
   *   far as it can; returns how many bytes are left
   * @param exceeded told, once each time, that so many are left because they are in use
   */
  constructor(most: number, shrink: (above: number, to: number) => number, exceeded: (left: number) => void) {
    this.most = most;
    this.#shrink = shrink;
    this.#exceeded = exceeded;
  }

  /** Takes note of a blob that has been made. @param size in bytes */
  add(size: number): void {
    this.#ahead -= size;
    if (this.#ahead >= 0) return;
    const left = this.#shrink(this.most, Math.floor(this.most * (1 - slack)));
    this.#ahead = Math.max((this.most - left) / 2, this.most * leastBetween);
    const isExceeded = left > this.most;
    if (isExceeded && !this.#isExceeded) this.#exceeded(left);
    this.#isExceeded = isExceeded;
  }
}
