import { setTimeout as delay } from 'node:timers/promises';
import util from 'node:util';
import { IkfsError } from '../errors.ts';
import { fromNativeError, native, nativeMissing } from '../native.ts';
import type { Native, NativeSession } from '../native.ts';
import type { DirectoryNode } from '../tree/node.ts';
import { fuseDeviceProblem } from './fuse-device.ts';
import { mountPrivilegeProblem } from './mount-privilege.ts';
import { KernelNodes } from './kernel-nodes.ts';
import type { Publisher } from './kernel-nodes.ts';
import { isDeadMount, prepareMountpoint } from './mountpoint.ts';
import type {
  Farewell,
  MountOptions,
  Mounted,
  RequestCounts,
  Served,
  Transport,
  Warmed,
} from './transport.ts';

/** Threads that take requests, unless the options say otherwise. */
export const defaultReaders = 2;

/** How long the kernel may take to begin with a new mount, in milliseconds. */
const patience = 10_000;

/** How often a thread that is filling caches is looked at. */
const pollMilliseconds = 5;

/**
 * How long a mount that was detached lazily is still served to those who have files of it open and ask for nothing,
 * in milliseconds.
 */
const grace = 500;

/**
 * The kernel's protocol spoken directly, in threads of native code: JavaScript is asked only for what nobody
 * has asked for before. No library has to be on the device.
 */
export const kernelTransport: Transport = {
  name: 'kernel',

  unavailable() {
    if (!native) return Promise.resolve(`the addon is missing (${nativeMissing ?? 'unknown reason'})`);
    if (native.keeper.isThere()) return Promise.resolve(undefined);
    return Promise.resolve(fuseDeviceProblem() ?? mountPrivilegeProblem(['fusermount3', 'fusermount']));
  },

  async mount(served, options) {
    const addon = native;
    const reason = isPassed(options.mountpoint) ? undefined : await kernelTransport.unavailable();
    if (!addon || reason !== undefined) throw new IkfsError('unavailable', reason ?? 'the addon is missing');
    const mountpoint = isPassed(options.mountpoint)
      ? options.mountpoint
      : await prepareMountpoint(options.mountpoint);
    let descriptor: number;
    try {
      descriptor = await addon.mounting.mount(mountpoint, options.allowOther);
    } catch (error) {
      throw fromNativeError(error).within({ path: mountpoint });
    }
    const mount = new KernelMount(addon, mountpoint, descriptor, served, options);
    await mount.answers();
    return mount;
  },
};

/** Whether what is given as a mountpoint is a /dev/fuse that somebody else has opened and mounted. */
function isPassed(mountpoint: string): boolean {
  return /^\/dev\/fd\/\d+$/.test(mountpoint);
}

class KernelMount implements Mounted {
  readonly transport = 'kernel';
  readonly #addon: Native;
  readonly #mountpoint: string;
  readonly #options: MountOptions;
  readonly #session: NativeSession;
  readonly #nodes: KernelNodes;
  readonly #ended: Promise<void>;
  #isEnded = false;
  #unmounting: Promise<void> | undefined;
  #leaving: Promise<boolean> | undefined;

  constructor(addon: Native, mountpoint: string, descriptor: number, served: Served, options: MountOptions) {
    this.#addon = addon;
    this.#mountpoint = mountpoint;
    this.#options = options;
    let ended = (): void => undefined;
    this.#ended = new Promise((resolve) => {
      ended = resolve;
    });
    const session = addon.openSession({
      descriptor,
      readers: options.readers ?? defaultReaders,
      ask: (node, need) => {
        served.memory?.used();
        void this.#nodes.ask(node, need);
      },
      ended: () => {
        ended();
        this.#isEnded = true;
        if (!this.#unmounting && !this.#leaving) void this.#endUnasked();
      },
    });
    this.#session = session;
    // What is made after the end of the mount, nobody waits for.
    const publish: Publisher['publish'] = (...changes) => {
      if (!this.#isEnded) session.publish(...changes);
    };
    this.#nodes = new KernelNodes(served.root, served.reader, { publish }, options.onError, options.onWork);
    served.memory?.add(this.#nodes);
    served.memory?.add(session);
    this.#nodes.start();
    session.start(mountpoint);
  }

  /** Resolves when the kernel has agreed on a protocol. */
  async answers(): Promise<void> {
    const deadline = Date.now() + patience;
    while (!this.#session.ready()) {
      if (this.#isEnded || Date.now() > deadline) {
        await this.unmount();
        throw new IkfsError('unavailable', 'the kernel did not take up the mount', {
          path: this.#mountpoint,
        });
      }
      await delay(1);
    }
  }

  requests(): RequestCounts {
    return this.#session.requests();
  }

  making(): readonly string[] {
    return this.#nodes.asked();
  }

  stalled(): number {
    return this.#session.work().longest;
  }

  async roundTrip(file?: string): Promise<void> {
    // Where a passed device is mounted, nobody has told.
    if (isPassed(this.#mountpoint)) return;
    const errno = await this.#session.roundTrip(file);
    if (errno === 0) return;
    throw new IkfsError('io', `the mount answers with ${util.getSystemErrorName(-errno)}`, {
      path: this.#mountpoint,
    });
  }

  replaceRoot(root: DirectoryNode): Promise<void> {
    return this.#nodes.replaceRoot(root);
  }

  async warm(folders: readonly string[], mostBytes: number): Promise<Warmed> {
    let [files, bytes] = [0, 0];
    for (const folder of folders) {
      if (this.#unmounting || bytes >= mostBytes) break;
      this.#session.warm(folder, mostBytes - bytes);
      const filled = await this.#warmed();
      files += filled.files;
      bytes += filled.bytes;
    }
    return { files, bytes };
  }

  /** Waits until the filling under way is over. */
  async #warmed(): Promise<Warmed> {
    for (;;) {
      const { done, files, bytes } = this.#session.warmed();
      if (done) return { files, bytes };
      await delay(pollMilliseconds);
    }
  }

  unmount(farewell: Farewell = { patience: grace, hasten: new AbortController().signal }): Promise<void> {
    this.#unmounting ??= this.#unmount(farewell);
    return this.#unmounting;
  }

  async #unmount(farewell: Farewell): Promise<void> {
    await this.#leaving;
    if (this.#isEnded) return;
    const deadline = Date.now() + farewell.patience;
    const goesOn = (): boolean => !this.#isEnded && !farewell.hasten.aborted && Date.now() < deadline;
    // Until then the session itself has directories of the mount open.
    this.#session.cool();
    while (!this.#session.isCool() && goesOn()) await delay(pollMilliseconds);
    await this.#detach();
    let unused = Date.now();
    while (goesOn() && Date.now() < unused + grace) {
      const { waiting, answering } = this.#session.work();
      if (waiting + answering > 0) unused = Date.now();
      await delay(pollMilliseconds);
    }
    await this.#close();
  }

  async unmountIfUnused(): Promise<boolean> {
    if (this.#unmounting) {
      await this.#unmounting;
      return true;
    }
    this.#leaving ??= this.#leave().finally(() => {
      this.#leaving = undefined;
    });
    return await this.#leaving;
  }

  /** Unmounts unless that is refused, as it is while the mount is busy. */
  async #leave(): Promise<boolean> {
    if (!this.#session.isCool()) return false;
    try {
      await this.#addon.mounting.unmount(this.#mountpoint, false);
    } catch {
      return false;
    }
    // It does not end where another mount namespace has it as well.
    await Promise.race([this.#ended, delay(grace)]);
    await this.#close();
    return true;
  }

  /** Ends the session if the kernel has not. */
  async #close(): Promise<void> {
    if (!this.#isEnded) this.#session.close();
    await this.#ended;
  }

  /** Takes the mount away, out of sight at least where somebody still uses it. */
  async #detach(): Promise<void> {
    const { mounting } = this.#addon;
    try {
      await mounting.unmount(this.#mountpoint, false);
    } catch {
      // Busy, or unmounting is refused for a reason that the second try will tell as well.
      await mounting.unmount(this.#mountpoint, true);
    }
  }

  /** The kernel has ended the connection. What was not unmounted then is there still, and dead. */
  async #endUnasked(): Promise<void> {
    this.#unmounting = Promise.resolve();
    const isLost = !isPassed(this.#mountpoint) && (await isDeadMount(this.#mountpoint));
    try {
      if (isLost) await this.#addon.mounting.unmount(this.#mountpoint, true);
    } catch (error) {
      this.#options.onError(error);
    }
    this.#options.onEnd(isLost ? 'lost' : 'unmounted');
  }
}
