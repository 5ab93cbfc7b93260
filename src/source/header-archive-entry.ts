import type { Header } from 'tar-stream';
import { IkfsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { ArchiveEntry, ArchiveEntryKind } from '../format/archive-index.ts';

/** A header as tar-stream 3 really gives it; its types leave these out. */
interface WholeHeader extends Omit<Header, 'type' | 'linkname' | 'mode' | 'size'> {
  /** null for a type that it does not know. */
  readonly type: Header['type'] | null;
  readonly linkname: string | null;
  /** NaN or null where the field is no number. */
  readonly mode: number | null;
  readonly size: number | null;
  /** Offset of the content in the archive, in bytes. */
  readonly byteOffset: number;
}

const blockSize = 512;

/** PATH_MAX without its terminating zero byte. */
const longestName = 4095;

const kinds: ReadonlyMap<Header['type'] | null, ArchiveEntryKind> = new Map([
  ['file', 'file'],
  ['contiguous-file', 'file'],
  ['directory', 'directory'],
  ['symlink', 'link'],
]);

const refusals: ReadonlyMap<Header['type'] | null, string> = new Map([
  ['link', 'is a hard link'],
  ['character-device', 'is a device'],
  ['block-device', 'is a device'],
  ['fifo', 'is a FIFO'],
]);

/**
 * One of tar-stream's headers as an entry of the index, by the rules of native/archive/tar_scanner.cc.
 * @returns the entry, and the offset in the archive of what follows its content
 * @throws IkfsError `unsupported`, `corrupt` or `limit`, naming the entry
 */
export function toArchiveEntry(header: Header): { entry: ArchiveEntry; end: number } {
  const { name, type, mode, size, linkname, byteOffset, pax } = header as unknown as WholeHeader;
  const refuse = (code: ErrorCode, what: string): IkfsError => {
    const place = `tar header at 0x${(byteOffset - blockSize).toString(16)}`;
    return new IkfsError(code, `entry ${JSON.stringify(name.slice(0, 200))} ${what} (${place})`);
  };
  const typeKind = kinds.get(type);
  if (typeKind === undefined) {
    throw refuse('unsupported', refusals.get(type) ?? 'is a sparse file or of an unknown type');
  }
  if (Object.keys(pax ?? {}).some((keyword) => keyword.startsWith('GNU.sparse.'))) {
    throw refuse('unsupported', 'is a sparse file');
  }
  if (!isCount(size)) throw refuse('corrupt', 'has a size that is no number');
  if (!isCount(mode)) throw refuse('corrupt', 'has a mode that is no number');
  // Archives older than the directory type mark a directory by a slash at the end of its name.
  const kind = typeKind === 'file' && name.endsWith('/') ? 'directory' : typeKind;
  if (kind !== 'file' && size !== 0) throw refuse('corrupt', 'has content but is no file');
  const target = kind === 'link' ? (linkname ?? '') : '';
  if (kind === 'link' && target === '') throw refuse('corrupt', 'points nowhere');
  for (const text of [name, target]) {
    if (Buffer.byteLength(text) > longestName) throw refuse('limit', 'has a name of more than 4095 bytes');
    if (text.includes('\0')) throw refuse('corrupt', 'has a zero byte in its name');
    // Decoding puts this character where bytes are not UTF-8.
    if (text.includes('\ufffd')) throw refuse('unsupported', 'has a name that is not UTF-8');
  }
  if (name === '') throw refuse('corrupt', 'has no name');
  const offset = kind === 'file' ? byteOffset : 0;
  return {
    entry: { kind, path: trimmedName(name), mode: mode & 0o7777, size, offset, target },
    end: byteOffset + Math.ceil(size / blockSize) * blockSize,
  };
}

function isCount(value: number | null): value is number {
  return value !== null && Number.isSafeInteger(value) && value >= 0;
}

/** The name without `./` in front and without slashes at the end; "/" stays, so that it can be refused. */
function trimmedName(name: string): string {
  const inside = name.replace(/^(?:\.\/+)+/, '');
  return inside === '.' ? '' : inside.replace(/(?<=.)\/+$/s, '');
}
