import type { ContentReader } from '../artifact/content-reader.ts';
import type { HeldMemory } from '../artifact/held-memory.ts';
import type { DirectoryNode } from '../tree/node.ts';

/** What a transport serves. */
export interface Served {
  readonly root: DirectoryNode;
  readonly reader: ContentReader;
  /** Told whenever the transport is asked for something, and of what it can let go. */
  readonly memory?: HeldMemory;
}

export interface MountOptions {
  /** An existing directory; absolute. */
  readonly mountpoint: string;
  /** Whether users other than the one who mounts may look inside. */
  readonly allowOther: boolean;
  /** Threads that take requests, where a transport has such. */
  readonly readers?: number;
  /** Called when the mount ends although nobody has asked for it here. */
  readonly onEnd: (how: MountEnd) => void;
  /** Called when what the mount is at has changed: `making()` tells something else. */
  readonly onWork?: () => void;
  /** Called for each request that failed for another reason than a missing name, once a distinct error. */
  readonly onError: (error: unknown) => void;
}

/** Requests answered so far, by the protocol's name of the operation. */
export type RequestCounts = Readonly<Record<string, number>>;

/** What was put into the kernel's caches. */
export interface Warmed {
  readonly files: number;
  readonly bytes: number;
}

/**
 * How a mount came to its end: somebody else unmounted it; or it was lost, as the kernel has ended the connection
 * (fusectl, umount -f) and a dead mount was left, which has been taken away by now.
 */
export type MountEnd = 'unmounted' | 'lost';

/** How long an unmounted tree is served to those who still use it. */
export interface Farewell {
  /** For as long, in milliseconds, requests that have been taken in may be answered; then they end with an error. */
  readonly patience: number;
  /** Ends patience early. */
  readonly hasten: AbortSignal;
}

/** A live mount. */
export interface Mounted {
  readonly transport: string;
  requests(): RequestCounts;
  /** Paths below the root that somebody has asked for and that are being made, oldest first. */
  making(): readonly string[];
  /**
   * For how long the slowest reader has been at one request, in milliseconds; more than seconds mean that it
   * hangs, such as on a disk. 0 where the transport can not tell.
   */
  stalled(): number;
  /**
   * Resolves when the mount has answered: a request went into the kernel and to a thread of this process and back.
   * That may be long in coming, or never, so whoever waits sets a limit.
   * @param file name of a file in the root whose attributes are asked for; without one, what nothing needs to be made for is asked
   * @throws IkfsError `io` when the answer is an error
   */
  roundTrip(file?: string): Promise<void>;
  /** Shows another state of the tree from now on; whoever has files of the old one open can read on. */
  replaceRoot(root: DirectoryNode): Promise<void>;
  /**
   * Fills the kernel's caches with directories of the mount, one after the other, where the transport can.
   * @param folders full paths
   * @param mostBytes of content in all
   * @returns what was filled in
   */
  warm(folders: readonly string[], mostBytes: number): Promise<Warmed>;
  /**
   * Ends the mount, also when it is busy (the kernel then detaches it lazily). Safe to call twice.
   * @param farewell half a second without one
   */
  unmount(farewell?: Farewell): Promise<void>;
  /** Ends the mount unless somebody has a file or directory of it open. @returns whether it has ended */
  unmountIfUnused(): Promise<boolean>;
}

/** One way of handing the tree to the kernel. */
export interface Transport {
  readonly name: string;
  /** Why this transport can not be used here, with what to do; undefined when it can. */
  unavailable(): Promise<string | undefined>;
  /**
   * Mounts and resolves once the mount answers.
   * @throws IkfsError `unavailable` (no FUSE here), `denied`, `not-found` (no such directory), `wrong-kind`,
   * `usage` (in use or not empty)
   */
  mount(served: Served, options: MountOptions): Promise<Mounted>;
}
