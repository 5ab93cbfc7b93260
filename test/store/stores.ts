/* What the tests of the store share: blobs whose bytes follow from their number, and makers in other processes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { blobKey } from '../../src/artifact/blob-store.ts';
import type { BlobKey } from '../../src/artifact/blob-store.ts';
import type { FileSink } from '../../src/bytes/byte-sink.ts';
import { packageRoot } from '../../src/native.ts';

/** The key of a blob by its number. */
export function numberedKey(number: number): BlobKey {
  return blobKey('numbered', 1, [{ inode: String(number), size: 0, modified: '0' }]);
}

/** The bytes of a blob by its number. */
export function numberedBytes(number: number, size: number): Buffer {
  return Buffer.alloc(size, `blob ${number} `);
}

/** Writes a numbered blob, in pieces. */
export function fillNumbered(number: number, size: number, piece = size): (sink: FileSink) => void {
  return (sink) => {
    const bytes = numberedBytes(number, size);
    for (let at = 0; at < size; at += piece) sink.write(bytes.subarray(at, at + piece));
  };
}

/** Regular files at any depth. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Another process that works with a store; see maker.ts for what it understands. */
export interface Maker {
  readonly process: ChildProcess;
  /** The next line that it prints; undefined when it has ended. */
  readonly line: () => Promise<string | undefined>;
  /** Has it do something. @returns its answer */
  readonly ask: (order: string) => Promise<string | undefined>;
  /** Kills it, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

/** Starts a process with a store. @param mostBytes how large it may become */
export function startMaker(folder: string, mostBytes?: number): Maker {
  const program = join(packageRoot, process.env['IKFS_DIST'] ?? 'dist', 'test', 'store', 'maker.js');
  const child = spawn(process.execPath, [program, folder, String(mostBytes ?? '')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => {
    const next = await lines.next();
    return next.done ? undefined : next.value;
  };
  return {
    process: child,
    line,
    async ask(order) {
      child.stdin.write(`${order}\n`);
      return await line();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
