import type { ContentReader } from '../artifact/content-reader.ts';
import type { FileNode } from '../tree/node.ts';

/** A volatile file as it was at one moment. */
export interface Snapshot {
  readonly bytes: Buffer;
  /** When it became so, in milliseconds since the epoch. */
  readonly modified: number;
}

interface Kept extends Snapshot {
  /** How many of the bytes are the file's own; see distinguishable. */
  readonly ownLength: number;
}

/**
 * Keeps what the kernel was last told about each volatile file. A reader gets the size first and the bytes
 * later, in requests of their own; both are answered from one snapshot, so that it never sees a part of one
 * and a part of another. Only asking for the attributes takes a new snapshot.
 */
export class Snapshots {
  readonly #reader: ContentReader;
  readonly #last = new Map<string, Kept>();
  readonly #renewing = new Map<string, Promise<Kept>>();

  constructor(reader: ContentReader) {
    this.#reader = reader;
  }

  /** The file as it is now. Those who ask at the same time get the same snapshot. */
  async renew(path: string, node: FileNode): Promise<Snapshot> {
    let renewing = this.#renewing.get(path);
    if (renewing === undefined) {
      renewing = this.#take(path, node).finally(() => this.#renewing.delete(path));
      this.#renewing.set(path, renewing);
    }
    return renewing;
  }

  /** The file as the attributes last described it. */
  async last(path: string, node: FileNode): Promise<Snapshot> {
    return this.#last.get(path) ?? this.renew(path, node);
  }

  async #take(path: string, node: FileNode): Promise<Kept> {
    const content = await node.content();
    const snapshot = distinguishable(
      this.#reader.read(content, 0, content.size),
      node.modified,
      this.#last.get(path),
    );
    this.#last.set(path, snapshot);
    return snapshot;
  }
}

/**
 * The next snapshot, with another length than the one before it: libfuse 2 does not ask for
 * FUSE_AUTO_INVAL_DATA, and without it the kernel drops the pages it has cached only when the size changes
 * (fuse_change_attributes_common, fs/fuse/inode.c). Where the lengths are the same a line break is added, which
 * JSON and text allow.
 */
function distinguishable(bytes: Buffer, firstModified: number, before: Kept | undefined): Kept {
  const ownLength = bytes.length;
  if (before === undefined) return { bytes: Buffer.from(bytes), ownLength, modified: firstModified };
  if (before.bytes.subarray(0, before.ownLength).equals(bytes)) return before;
  const padding = ownLength === before.bytes.length ? '\n' : '';
  return { bytes: Buffer.concat([bytes, Buffer.from(padding)]), ownLength, modified: Date.now() };
}
