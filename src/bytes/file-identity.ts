import type { BigIntStats } from 'node:fs';

/**
 * What tells one state of a file from another without reading it. The device number is left out: it may
 * differ from boot to boot for the same file.
 */
export interface FileIdentity {
  readonly inode: string;
  readonly size: number;
  /** Last modification, in nanoseconds since the epoch, as decimal text. */
  readonly modified: string;
}

/** The identity in what fstat(2) says. */
export function identityOf(stats: BigIntStats): FileIdentity {
  return { inode: String(stats.ino), size: Number(stats.size), modified: String(stats.mtimeNs) };
}

/** Whether two identities are of one state of one file. */
export function sameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.size === b.size && a.modified === b.modified;
}
