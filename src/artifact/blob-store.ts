import { createHash } from 'node:crypto';
import type { FileSink } from '../bytes/byte-sink.ts';
import type { FileIdentity } from '../bytes/file-identity.ts';
import type { Scratch } from '../bytes/scratch.ts';
import type { Content } from './content.ts';

/** Names a blob by all that its bytes follow from; two different blobs never have the same key. */
export type BlobKey = string & { readonly brand: 'BlobKey' };

/**
 * The key of what a maker makes from inputs: the same as long as neither the maker nor an input has changed.
 * @param kind what is made
 * @param version raised whenever the maker would make other bytes from the same input
 */
export function blobKey(kind: string, version: number, inputs: readonly FileIdentity[]): BlobKey {
  const identities = inputs.map(({ inode, size, modified }) => [inode, size, modified]);
  return createHash('sha256')
    .update(JSON.stringify([kind, version, identities]))
    .digest('hex') as BlobKey;
}

/**
 * Writes a blob's bytes. May be asked for the same a second time, with an empty sink: when there was no room where the
 * first had been.
 */
export type FillBlob = (sink: FileSink) => void | Promise<void>;

/** Keeps what has been made. The store/ layer has one on disk, one in memory, and one that is both. */
export interface BlobStore {
  /** What status.json says of it: `disk: /var/cache/ikfs`. */
  readonly description: string;
  /** Why what is made now is kept otherwise than it should be, in words; undefined while it is not. */
  readonly problem: string | undefined;
  /** Nameless room for decoded images. */
  readonly scratch: Scratch;
  /**
   * The blob of that key if it was kept, else undefined, as is what is found to be damaged.
   * @param check whether all its bytes are read now; else those that are read are checked then
   */
  find(key: BlobKey, check?: 'now' | 'when-read'): Content | undefined;
  /** The bytes of a small blob, checked once, if it was kept and is whole; else undefined. */
  read(key: BlobKey): Buffer | undefined;
  /**
   * Keeps what `fill` writes, and returns it; nothing is kept when `fill` fails.
   * @param cap the most bytes it may write
   * @throws IkfsError `no-space`, `io`, and what `fill` throws
   */
  make(key: BlobKey, cap: number, fill: FillBlob): Promise<Content>;
  close(): void;
}
