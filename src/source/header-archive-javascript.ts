import type { ByteSink, FileSink } from '../bytes/byte-sink.ts';
import { decodeXzPortably } from '../codec/xz.ts';
import { IkfsError, asIkfsError } from '../errors.ts';
import { encodeArchiveIndex } from '../format/archive-index.ts';
import { TarEntries } from './header-archive-tar.ts';
import type { ArchiveIndexer } from './header-archive.ts';

/**
 * Decodes and indexes a header archive with lzma-native and tar-stream: what `indexHeaderArchive` does where
 * there is no addon, with the same result. Decoding runs on libuv's threads, the rest on this one.
 * @throws IkfsError as `indexHeaderArchive`. Where the tar archive is at fault there is no offset in the input;
 *   the message names the one in the tar archive.
 */
export const indexArchiveInJavaScript: ArchiveIndexer = async (input, output, limits) => {
  const entries = new TarEntries(limits.archiveEntries);
  const sink = new IndexingSink(output, entries, Math.min(limits.archiveBytes, output.cap));
  try {
    const { consumed, produced } = await decodeXzPortably(input, sink);
    return { index: encodeArchiveIndex(await entries.finish()), consumed, produced };
  } catch (error) {
    throw asIkfsError(error, { path: input.name, step: 'header archive' });
  }
};

/** Passes decoded bytes on to the file and shows them to the tar reader. */
class IndexingSink implements ByteSink {
  /** None: the bytes have to come through here. */
  readonly descriptor = undefined;
  readonly cap: number;
  readonly #output: FileSink;
  readonly #entries: TarEntries;

  constructor(output: FileSink, entries: TarEntries, cap: number) {
    this.#output = output;
    this.#entries = entries;
    this.cap = cap;
  }

  get written(): number {
    return this.#output.written;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > this.cap - this.written) {
      throw new IkfsError('limit', `expands to more than the ${this.cap} bytes allowed`);
    }
    this.#entries.write(bytes);
    this.#output.write(bytes);
  }
}
