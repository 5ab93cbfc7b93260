import { forgetRootName } from './fuse-device.ts';

/** For how long the kernel may answer for a volatile file by itself: the usual attr_timeout of FUSE. */
const keepMilliseconds = 1000;

/**
 * Gives single files a short validity where the mount's options know only one for all: a moment after the
 * kernel was told a volatile file's attributes, it is made to forget the name, so that whoever comes next by
 * that name asks again. Only names in the root directory can be forgotten, which is where status.json is.
 */
export class VolatileNames {
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #device: number | undefined;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param device descriptor of the mount's /dev/fuse, which is known only when the mount is live */
  start(device: number): void {
    this.#device = device;
  }

  /** To be called whenever the attributes of `path` have been handed out. */
  forgetSoon(path: string): void {
    const device = this.#device;
    const name = path.slice(1);
    if (device === undefined || name.includes('/') || this.#timers.has(name)) return;
    const forget = (): void => {
      // First, so that attributes handed out while the kernel is at it are forgotten again.
      this.#timers.delete(name);
      forgetRootName(device, name).catch(this.#onError);
    };
    this.#timers.set(name, setTimeout(forget, keepMilliseconds).unref());
  }

  /** The device is about to be closed. */
  stop(): void {
    this.#device = undefined;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
