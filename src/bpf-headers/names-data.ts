import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { IkfsError, asIkfsError } from '../errors.ts';
import { packageRoot } from '../native.ts';

/**
 * Where the names lie; `npm run make-header-names` writes them there. Nothing else knows the place: a bundle that has no files
 * beside it gives the bytes here.
 */
export const namesFile: string = join(packageRoot, 'src', 'bpf-headers', 'names.dat');

/**
 * All names of all series. The file is text in Brotli (RFC 7932), one line for each of
 *
 * 1. the series, oldest first, with spaces between: `5.10 6.1`; the first is bit 0, the next bit 1, and so on
 * 2. for each of them the packages or folders that it was made from, with a tab between two series
 * 3. each header, sorted by path, its fields with tabs between: how many characters its path has in common with the line
 *    before, the rest of its path, the series that have it as bits, and up to three lists of names: tags, typedefs, and
 *    enums without a tag, each by its first constant. In a list, names that all these series have come first; a word
 *    `=BITS` says which series have those behind it. All numbers are in base 36, empty lists at the end are left out.
 */
export class NamesData {
  /** Oldest first: `5.10`. */
  readonly series: readonly string[];
  /** For each series what it was made from. */
  readonly origins: readonly string[];
  readonly #headers = new Map<string, string>();

  /**
   * @param bytes of the file
   * @throws IkfsError `corrupt`
   */
  constructor(bytes: Uint8Array) {
    const text = inflated(bytes);
    const seriesEnd = text.indexOf('\n');
    const originsEnd = text.indexOf('\n', seriesEnd + 1);
    this.series = text.slice(0, seriesEnd).split(' ');
    this.origins = text.slice(seriesEnd + 1, originsEnd).split('\t');
    let path = '';
    for (let at = originsEnd + 1; at > 0 && at < text.length;) {
      const end = text.indexOf('\n', at);
      const line = text.slice(at, end < 0 ? undefined : end);
      at = end + 1;
      const sharedEnd = line.indexOf('\t');
      if (sharedEnd < 0) continue;
      const pathEnd = line.indexOf('\t', sharedEnd + 1);
      path = path.slice(0, parseInt(line.slice(0, sharedEnd), 36)) + line.slice(sharedEnd + 1, pathEnd);
      this.#headers.set(path, line.slice(pathEnd + 1));
    }
  }

  /** Paths of the headers that any of the series has that bits stand for, sorted. */
  *paths(bits: number): Generator<string> {
    for (const path of this.#headers.keys()) if (this.has(path, bits)) yield path;
  }

  /** Whether any of the series has a header. */
  has(path: string, bits: number): boolean {
    return (parseInt(this.entry(path), 36) & bits) !== 0;
  }

  /** A header as it is in the file, from the series that have it on; that no series has it when it is not there. */
  entry(path: string): string {
    return this.#headers.get(path) ?? '0';
  }

  /** The names of a header in any of the series: tags, typedefs, enums; each sorted. */
  names(path: string, bits: number): [tags: string[], typedefs: string[], enums: string[]] {
    const [having = '0', ...lists] = this.entry(path).split('\t');
    const names = (list = ''): string[] => {
      let present = parseInt(having, 36);
      const found: string[] = [];
      for (const word of list.split(' ')) {
        if (word.startsWith('=')) present = parseInt(word.slice(1), 36);
        else if (word !== '' && (present & bits) !== 0) found.push(word);
      }
      return found.sort();
    };
    return [names(lists[0]), names(lists[1]), names(lists[2])];
  }
}

function inflated(bytes: Uint8Array): string {
  try {
    return brotliDecompressSync(bytes).toString('latin1');
  } catch (cause) {
    throw new IkfsError('corrupt', 'the names of headers can not be decompressed', {
      path: namesFile,
      cause,
    });
  }
}

/** As long as somebody has it in hand, others get the same. */
let held: WeakRef<NamesData> | undefined;

/**
 * The names that come with ikfs: read when they are first asked for, and again when nobody has them any more.
 * @throws IkfsError when the file is missing or damaged
 */
export function namesData(): NamesData {
  const there = held?.deref();
  if (there) return there;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(namesFile);
  } catch (thrown) {
    throw asIkfsError(thrown, { path: namesFile });
  }
  const read = new NamesData(bytes);
  held = new WeakRef(read);
  return read;
}
