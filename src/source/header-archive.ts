import type { FileSink } from '../bytes/byte-sink.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import type { Limits } from '../bytes/limits.ts';
import { decodingMemory } from '../codec/decoding-memory.ts';
import { decodingTurns } from '../codec/turns.ts';
import { decodeArchiveIndex } from '../format/archive-index.ts';
import type { ArchiveEntry } from '../format/archive-index.ts';
import { IkfsError } from '../errors.ts';
import { fromNativeError, native, nativeMissing } from '../native.ts';

/** A header archive that was decoded. */
export interface IndexedArchive {
  /** As they are in the archive, in its order; nothing is said about whether a name can be served. */
  readonly entries: ArchiveEntry[];
  /** The same, encoded as format/archive-index.ts describes. */
  readonly index: Buffer;
  /** Length of the compressed archive in the input, in bytes; what follows it is left alone. */
  readonly consumed: number;
  /** Length of the plain tar archive, in bytes. */
  readonly produced: number;
}

/** What indexes an archive: one of the two implementations, which give the same. */
export type ArchiveIndexer = (
  input: ByteSource,
  output: FileSink,
  limits: Limits,
) => Promise<Omit<IndexedArchive, 'entries'>>;

/**
 * Decodes a header archive (a tar archive compressed with xz) and indexes it on the way, with the addon where
 * there is one.
 * @param input from the first byte of the archive; bytes after its end are ignored
 * @param output takes the plain tar archive; nothing may have been written to it
 * @throws IkfsError `truncated`, `corrupt`, `unsupported` (hard links, devices and the like), `limit`,
 *   `unavailable`, `io`, `no-space`, `no-memory`. Offsets are those in `input`.
 */
export async function indexHeaderArchive(
  input: ByteSource,
  output: FileSink,
  limits: Limits,
): Promise<IndexedArchive> {
  const indexer =
    native?.decoders.includes('xz') === true
      ? indexArchiveNatively
      : // What it imports takes memory, which is held for good.
        (await import('./header-archive-javascript.ts')).indexArchiveInJavaScript;
  const indexed = await decodingTurns.take(decodingMemory('xz', input), () =>
    output.filledBy(() => indexer(input, output, limits)),
  );
  return { ...indexed, entries: decodeArchiveIndex(indexed.index) };
}

/**
 * The same with the addon, on a thread of its own.
 * @throws IkfsError also `unavailable` when there is no addon
 */
export const indexArchiveNatively: ArchiveIndexer = async (input, output, limits) => {
  if (native === undefined)
    throw new IkfsError('unavailable', `the addon is missing: ${nativeMissing ?? ''}`);
  const range = input.fileRange() ?? input.read(0, input.size);
  const caps = { bytes: Math.min(limits.archiveBytes, output.cap), entries: limits.archiveEntries };
  try {
    const indexed = await native.indexArchive(range, output.descriptor, caps);
    input.countRead(indexed.consumed);
    output.advance(indexed.produced);
    return indexed;
  } catch (error) {
    throw fromNativeError(error, 'header archive').within({ path: input.name });
  }
};
