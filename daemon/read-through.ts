import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What has been read. */
export interface ReadSoFar {
  readonly files: number;
  /** Bytes of content. */
  readonly bytes: number;
}

/** Bytes that one read asks for. */
const pieceSize = 1024 * 1024;

/**
 * Reads everything at and below a path and keeps none of it: the kernel then has names, attributes, link targets
 * and contents in its caches. Links are not followed. It waits in system calls, so it must not be used in the
 * process that serves the mount.
 * @param onRead told after each file; what has been read by this call
 * @param onFailure told of what can not be read; the rest is read all the same
 */
export function readThrough(
  path: string,
  onRead: (soFar: ReadSoFar) => void,
  onFailure: (thrown: unknown, path: string) => void,
): ReadSoFar {
  const piece = Buffer.allocUnsafe(pieceSize);
  let [files, bytes] = [0, 0];
  const pending = [path];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    try {
      const kind = lstatSync(next);
      if (kind.isDirectory()) {
        const folder = next;
        pending.push(
          ...readdirSync(folder)
            .map((name) => join(folder, name))
            .reverse(),
        );
      } else if (kind.isSymbolicLink()) {
        readlinkSync(next);
      } else if (kind.isFile()) {
        bytes += readFile(next, piece);
        files += 1;
        onRead({ files, bytes });
      }
    } catch (thrown) {
      onFailure(thrown, next);
    }
  }
  return { files, bytes };
}

/** Reads a file to its end. @returns how many bytes it has */
function readFile(path: string, piece: Buffer): number {
  const descriptor = openSync(path, 'r');
  try {
    let bytes = 0;
    for (;;) {
      const count = readSync(descriptor, piece, 0, piece.length, null);
      if (count === 0) return bytes;
      bytes += count;
    }
  } finally {
    closeSync(descriptor);
  }
}
