import type { ContentReader } from '../artifact/content-reader.ts';
import type { DirectoryNode } from '../tree/node.ts';

/** What a transport serves. */
export interface Served {
  readonly root: DirectoryNode;
  readonly reader: ContentReader;
}

export interface MountOptions {
  /** An existing directory; absolute. */
  readonly mountpoint: string;
  /** Whether users other than the one who mounts may look inside. */
  readonly allowOther: boolean;
  /** Threads that take requests, where a transport has such. */
  readonly readers?: number;
  /** Called when the mount ends without unmount() having been called: somebody else unmounted it. */
  readonly onEnd: () => void;
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

/** A live mount. */
export interface Mounted {
  readonly transport: string;
  requests(): RequestCounts;
  /** Shows another state of the tree from now on; whoever has files of the old one open can read on. */
  replaceRoot(root: DirectoryNode): Promise<void>;
  /**
   * Fills the kernel's caches with directories of the mount, one after the other, where the transport can.
   * @param folders full paths
   * @param mostBytes of content in all
   * @returns what was filled in
   */
  warm(folders: readonly string[], mostBytes: number): Promise<Warmed>;
  /** Ends the mount, also when it is busy (the kernel then detaches it lazily). Safe to call twice. */
  unmount(): Promise<void>;
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
