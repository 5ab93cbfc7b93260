import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Fuse from 'fuse-native';
import { IkfsError, asIkfsError, describeError } from '../errors.ts';
import type { DirectoryNode } from '../tree/node.ts';
import { fuseDeviceProblem, isFuseDevice, openFuseDevices } from './fuse-device.ts';
import { fuseNativeOperations } from './fuse-native-operations.ts';
import { TreeHandlers } from './handlers.ts';
import { libfuseOptions } from './libfuse-options.ts';
import { loadFuseNative } from './libfuse.ts';
import type { FuseNative } from './libfuse.ts';
import { mountPrivilegeProblem } from './mount-privilege.ts';
import { prepareMountpoint } from './mountpoint.ts';
import type {
  MountEnd,
  MountOptions,
  Mounted,
  RequestCounts,
  Served,
  Transport,
  Warmed,
} from './transport.ts';
import { detach } from './unmount.ts';
import { VolatileNames } from './volatile-names.ts';

/**
 * The transport that works wherever libfuse 2 does. Each request is answered on the event loop; so a process
 * that serves a mount must never wait for its own mount there, and while it computes, readers wait.
 *
 * Lookups in one directory come one after the other, because libfuse 2 does not ask for FUSE_PARALLEL_DIROPS:
 * a name whose size takes time to find out holds up its neighbours, and nobody else.
 */
export const fuseNative: Transport = {
  name: 'fuse-native',

  async unavailable() {
    try {
      loadFuseNative();
      return fuseDeviceProblem() ?? mountPrivilegeProblem(['fusermount']);
    } catch (error) {
      return describeError(asIkfsError(error));
    }
  },

  async mount(served, options) {
    const reason = await fuseNative.unavailable();
    if (reason !== undefined) throw new IkfsError('unavailable', reason);
    const mountpoint = await prepareMountpoint(options.mountpoint);
    // fuse-native.c copies it into 1024 bytes, and would mount on what a longer path begins with.
    if (Buffer.byteLength(mountpoint) >= 1024) {
      throw new IkfsError('usage', 'the path is too long to be mounted on', { path: mountpoint });
    }
    return mountWith(loadFuseNative(), mountpoint, served, options);
  },
};

async function mountWith(
  { Fuse: Base, binding }: FuseNative,
  mountpoint: string,
  served: Served,
  options: MountOptions,
): Promise<Mounted> {
  /** With all of libfuse's options: fuse-native's own list lacks ro, negative_timeout and use_ino. */
  class IkfsFuse extends Base {
    override _fuseOptions(): string {
      return libfuseOptions(options.allowOther);
    }
  }

  const handlers = new TreeHandlers(served, options.onError);
  const volatileNames = new VolatileNames(options.onError);
  const operations = fuseNativeOperations(handlers, (path) => {
    volatileNames.forgetSoon(path);
  });
  const fuse = new IkfsFuse(mountpoint, operations, { timeout: false });

  const before = openFuseDevices();
  await open(fuse, mountpoint);
  const device = openFuseDevices().find((descriptor) => !before.includes(descriptor));
  if (device === undefined) {
    throw new IkfsError('unavailable', 'the mount ended as soon as it had begun', { path: mountpoint });
  }
  volatileNames.start(device);
  const endSession = (): void => {
    volatileNames.stop();
    if (fuse._thread !== null) binding.fuse_native_unmount(mountpoint, fuse._thread);
  };
  return new FuseNativeMount({ mountpoint, device, handlers, endSession, onEnd: options.onEnd });
}

/** fuse-native tells no reason, libfuse prints it to stderr; the likely ones have been looked for before. */
function open(fuse: Fuse, mountpoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fuse.open((error) => {
      if (error === null) resolve();
      else {
        reject(
          new IkfsError('unavailable', 'libfuse could not mount, see its message above', {
            path: mountpoint,
            cause: error,
          }),
        );
      }
    });
  });
}

/** How often to look whether somebody else has unmounted; fuse-native does not tell. */
const watchMilliseconds = 1000;

/** How long an unmounted session may take to close its device; one with files still open keeps it open. */
const settleMilliseconds = 500;

interface Session {
  readonly mountpoint: string;
  /** Descriptor of /dev/fuse. libfuse closes it when the last user of the mount is gone. */
  readonly device: number;
  readonly handlers: TreeHandlers;
  /** Gives up what holds the event loop; to be called once. */
  readonly endSession: () => void;
  readonly onEnd: (how: MountEnd) => void;
}

class FuseNativeMount implements Mounted {
  readonly transport = 'fuse-native';
  readonly #session: Session;
  readonly #watch: NodeJS.Timeout;
  #unmounting: Promise<void> | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#watch = setInterval(() => {
      this.#endWhenUnmounted();
    }, watchMilliseconds).unref();
  }

  requests(): RequestCounts {
    return this.#session.handlers.requests();
  }

  /** Requests and makings are not told apart here; who waits for something keeps the mount busy all the same. */
  making(): readonly string[] {
    return [];
  }

  /** The event loop is the only reader, so whoever can ask is told that it goes on. */
  stalled(): number {
    return 0;
  }

  async roundTrip(file?: string): Promise<void> {
    const { mountpoint } = this.#session;
    try {
      // On a thread of libuv's pool, so that the event loop can answer.
      await (file === undefined ? statfs(mountpoint) : readFile(join(mountpoint, file)));
    } catch (error) {
      throw asIkfsError(error, { path: mountpoint });
    }
  }

  /** libfuse 2 gives no way to tell the kernel, which keeps old names below the root for up to an hour. */
  replaceRoot(root: DirectoryNode): Promise<void> {
    this.#session.handlers.replaceRoot(root);
    return Promise.resolve();
  }

  /** libfuse 2 gives no way to hand content over. */
  warm(): Promise<Warmed> {
    return Promise.resolve({ files: 0, bytes: 0 });
  }

  unmount(): Promise<void> {
    this.#unmounting ??= this.#unmount().catch((error: unknown) => {
      this.#unmounting = undefined;
      throw error;
    });
    return this.#unmounting;
  }

  async unmountIfUnused(): Promise<boolean> {
    if (this.#unmounting === undefined) {
      try {
        await detach(this.#session.mountpoint, true);
      } catch {
        return false;
      }
    }
    await this.unmount();
    return true;
  }

  async #unmount(): Promise<void> {
    const { mountpoint, device, endSession } = this.#session;
    if (isFuseDevice(device)) await detach(mountpoint);
    clearInterval(this.#watch);
    const deadline = Date.now() + settleMilliseconds;
    while (isFuseDevice(device) && Date.now() < deadline) await delay(10);
    endSession();
  }

  #endWhenUnmounted(): void {
    if (this.#unmounting !== undefined || isFuseDevice(this.#session.device)) return;
    clearInterval(this.#watch);
    this.#unmounting = Promise.resolve();
    this.#session.endSession();
    this.#session.onEnd('unmounted');
  }
}
