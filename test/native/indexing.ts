import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { MemorySource, WindowSource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import type { Limits } from '../../src/bytes/limits.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { IkfsError } from '../../src/errors.ts';
import { decodeArchiveIndex } from '../../src/format/archive-index.ts';
import type { ArchiveEntry } from '../../src/format/archive-index.ts';
import type { ArchiveIndexer } from '../../src/source/header-archive.ts';

/** What came of indexing: all of it, or an error, never both. */
export type Indexing =
  | { readonly index: Buffer; readonly tar: Buffer; readonly consumed: number; readonly produced: number }
  | { readonly error: IkfsError };

/** Runs an indexer into a file of its own. Anything thrown but an IkfsError is thrown on. */
export async function indexing(
  indexer: ArchiveIndexer,
  input: ByteSource | Uint8Array,
  limits: Partial<Limits> = {},
): Promise<Indexing> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  const path = join(folder, 'tar');
  const descriptor = openSync(path, 'w');
  const source = input instanceof Uint8Array ? new MemorySource('archive', input) : input;
  const whole = { ...defaultLimits, ...limits };
  try {
    const sink = new FileSink(descriptor, whole.archiveBytes);
    const { index, consumed, produced } = await indexer(source, sink, whole);
    if (sink.written !== produced) throw new Error(`the sink has ${sink.written} bytes of ${produced}`);
    return { index, tar: readFileSync(path), consumed, produced };
  } catch (error) {
    if (!(error instanceof IkfsError)) throw error;
    return { error };
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

/** The error's code, or undefined when there was none. */
export function codeOf(result: Indexing): ErrorCode | undefined {
  return 'error' in result ? result.error.code : undefined;
}

/** The entries found. @throws the error when there was one */
export function entriesOf(result: Indexing): ArchiveEntry[] {
  if ('error' in result) throw result.error;
  return decodeArchiveIndex(result.index);
}

/** Calls back with the bytes as a window in a file, amid other bytes. */
export async function inFile<T>(bytes: Uint8Array, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  try {
    const path = join(folder, 'image');
    const before = Buffer.from('\x7fELF and the like');
    writeFileSync(path, Buffer.concat([before, bytes, Buffer.from('and more')]));
    const file = FileSource.open(path);
    try {
      return await use(new WindowSource(file, before.length, bytes.length));
    } finally {
      file.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
