/** One way of having the kernel's header tree as files: ikfs over one of its transports, or a peer. */
export interface Subject {
  readonly name: string;
  /**
   * Mounts it afresh: the kernel knows no name and no page of it yet. A tree in memory has no such state, and is
   * there always.
   * @throws Error why it can not be had here
   */
  mount(): Promise<MountedTree>;
}

/** Requests answered, by operation. */
export type Requests = Readonly<Record<string, number>>;

/** A header tree that is there until it is taken away. */
export interface MountedTree {
  /** The top directory, which has include/ and arch/. */
  readonly top: string;
  /** What its server has answered so far, where it counts that. */
  readonly requests?: () => Requests;
  unmount(): Promise<void>;
}
