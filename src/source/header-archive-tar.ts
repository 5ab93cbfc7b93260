import { extract } from 'tar-stream';
import type { Header } from 'tar-stream';
import { IkfsError, asIkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { ArchiveEntry } from '../format/archive-index.ts';
import { toArchiveEntry } from './header-archive-entry.ts';

const blockSize = 512;

/** Cap on all names together, in bytes, as in native/archive/archive_index.cc. */
const longestNames = 64 * 1024 * 1024;

/**
 * Lists the entries of a plain tar archive that is fed in pieces, with tar-stream, by the rules of
 * native/archive/tar_scanner.h. The two differ only for archives that no tar program writes: tar-stream reads
 * malformed numbers and pax records as far as they make sense, and uses a global pax header for entries that
 * have one of their own.
 */
export class TarEntries {
  readonly #maxEntries: number;
  readonly #entries: ArchiveEntry[] = [];
  #namesSize = 0;
  // With a high-water mark of one byte every write waits for its `drain`, and so for all headers in it.
  readonly #extract = extract({ highWaterMark: 1 });
  #error: Error | undefined;
  /** Called when the blocks being read have been read, or tar-stream has given up. */
  #settle: () => void = () => undefined;
  /** Settles when everything fed so far has been read; never rejects. */
  #read: Promise<void> = Promise.resolve();
  #failure: IkfsError | undefined;

  /** The end of what was fed that makes no whole block. */
  #rest: Buffer = Buffer.alloc(0);
  /** The blocks being read, and their offset in the archive. */
  #blocks: Buffer = Buffer.alloc(0);
  #blocksStart = 0;
  /** Offset of the header after the last entry, or of the zeros that end the archive. */
  #next = 0;
  #ended = false;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
    this.#extract.on('entry', (header, content, proceed) => {
      this.#take(header);
      content.resume();
      proceed();
    });
    this.#extract.on('drain', () => {
      // After an error tar-stream drains first and closes next.
      if (!this.#extract.destroying) this.#settle();
    });
    this.#extract.on('error', (error) => {
      this.#error = error;
    });
    this.#extract.on('close', () => this.#settle());
  }

  /**
   * Queues the next bytes for reading, which begins at the end of the current microtask; a caller that comes
   * back in another task finds them read.
   * @throws IkfsError what was found wrong in earlier bytes
   */
  write(bytes: Uint8Array): void {
    if (this.#failure) throw this.#failure;
    const fed = Buffer.concat([this.#rest, bytes]);
    const whole = fed.length - (fed.length % blockSize);
    this.#rest = fed.subarray(whole);
    this.#read = this.#read.then(() => this.#readBlocks(fed.subarray(0, whole)));
  }

  /**
   * The entries, once the whole archive was fed.
   * @throws IkfsError what was found wrong; `truncated` when the archive's end was not among the bytes
   */
  async finish(): Promise<ArchiveEntry[]> {
    await this.#read;
    this.#extract.destroy();
    if (this.#failure) throw this.#failure;
    if (!this.#ended) throw new IkfsError('truncated', 'the archive has no end');
    return this.#entries;
  }

  async #readBlocks(blocks: Buffer): Promise<void> {
    if (this.#ended || this.#failure || blocks.length === 0) return;
    this.#blocks = blocks;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#extract.write(blocks);
    });
    // What follows the end of the archive need not be a tar archive.
    if (this.#endsHere()) this.#ended = true;
    else if (this.#error) this.#failure ??= fromTarStream(this.#error, this.#next);
    this.#blocksStart += blocks.length;
  }

  /** Whether the block after the last entry is among these and all zeros: the first such ends the archive. */
  #endsHere(): boolean {
    const at = this.#next - this.#blocksStart;
    if (at < 0 || at >= this.#blocks.length) return false;
    return this.#blocks.subarray(at, at + blockSize).every((byte) => byte === 0);
  }

  #take(header: Header): void {
    if (this.#ended || this.#failure) return;
    // tar-stream passes over zeros and goes on.
    if (this.#endsHere()) {
      this.#ended = true;
      return;
    }
    try {
      const { entry, end } = toArchiveEntry(header);
      if (this.#entries.length === this.#maxEntries) {
        throw new IkfsError('limit', `the archive has more than the ${this.#maxEntries} entries allowed`);
      }
      this.#namesSize += Buffer.byteLength(entry.path) + Buffer.byteLength(entry.target);
      if (this.#namesSize > longestNames) {
        throw new IkfsError('limit', 'the names of all entries together exceed 64 MiB');
      }
      this.#entries.push(entry);
      this.#next = end;
    } catch (error) {
      this.#failure = asIkfsError(error);
    }
  }
}

/** tar-stream's errors have no codes, only texts. */
const texts: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/unknown format/, 'unsupported', 'a tar header of neither the POSIX nor the GNU form'],
  [/exceeds max size/, 'limit', 'a name or pax header of more than 4 MiB'],
  [/Invalid header/, 'corrupt', 'the size in a tar header is no number'],
  [/Invalid tar header/, 'corrupt', 'the checksum of a tar header is wrong'],
];

/** @param after offset in the archive up to which it was understood */
function fromTarStream(error: Error, after: number): IkfsError {
  const known = texts.find(([pattern]) => pattern.test(error.message));
  const [code, text] = known ? [known[1], known[2]] : (['corrupt', error.message] as const);
  return new IkfsError(code, `${text} (in the tar archive, from 0x${after.toString(16)} on)`, {
    cause: error,
  });
}
