import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';

/** What an entry is; devices, pipes and sockets are `special`. */
export type CpioKind = 'file' | 'directory' | 'link' | 'special';

/** One entry of a cpio archive. */
export interface CpioEntry {
  /**
   * As stored, up to its NUL. Untrusted: it is one string and no more has been looked at. It may be empty,
   * absolute, lead out by `..`, or come twice; bytes that are no UTF-8 are U+FFFD here.
   */
  readonly name: string;
  readonly kind: CpioKind;
  /** c_mode: type and permissions, as in struct stat. */
  readonly mode: number;
  /** Where the bytes lie: a file's content, or what a symbolic link points at; of size 0 for others. */
  readonly content: ByteRange;
}

/*
 * cpio(5), "New ASCII Format" (070701) and "New CRC Format" (070702), and for several archives in one file
 * the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. After the magic there are 13
 * fields of 8 hexadecimal digits; then the name, with a NUL, up to a multiple of 4 bytes; then the content,
 * likewise.
 */
const magics = ['070701', '070702'];
const magicSize = 6;
const fieldSize = 8;
const headerSize = 110;
const alignment = 4;
const trailer = 'TRAILER!!!';
/** PATH_MAX: the kernel passes over longer names. */
const maximumName = 4096;

/** Header and name of nearly every entry, so that one read is enough. */
const usualHeader = 256;
/** Between archives there are a few hundred zeros; behind the last there may be the rest of a partition. */
const zeros = Buffer.alloc(4096);

/** Whether a file that begins with these bytes (6 at the least) is a cpio archive that kernels take. */
export function isCpio(head: Buffer): boolean {
  return magics.includes(head.toString('latin1', 0, magicSize));
}

/**
 * The entries of all plain archives from the beginning of a source on, with any zeros between them;
 * trailers are left out. Reads headers and names only, and no further than the caller asks. The checksums
 * of 070702 are not compared.
 *
 * A file with several names has its content at one of them, mostly the last. Its names come together, when
 * the first content is found, and each with that content: so the order is not always that of the archive.
 * @returns (the generator's return value) the offset where the plain archives end: the first byte behind
 *   their zeros that begins no further one, such as that of a compressed archive; the source's size when
 *   nothing follows
 * @throws IkfsError `truncated` when an entry goes beyond the source, `corrupt` when a header is not
 *   hexadecimal or a name has no end
 */
export function* cpioEntries(source: ByteSource): Generator<CpioEntry, number> {
  for (let at = endOfZeros(source, 0); ; at = endOfZeros(source, at)) {
    const end = yield* archiveEntries(source, at);
    if (end === at) return at;
    at = end;
  }
}

/** @returns the offset behind the trailer, or where no further entry begins: `start` when none does */
function* archiveEntries(source: ByteSource, start: number): Generator<CpioEntry, number> {
  const hardLinks = new HardLinks();
  let at = start;
  for (let header = readHeader(source, at); header; header = readHeader(source, at)) {
    at = header.end;
    if (header.entry.name === trailer) break;
    if (header.links > 1 && header.entry.kind === 'file') {
      yield* hardLinks.resolve(header.entry, header.identity);
    } else {
      yield header.entry;
    }
  }
  yield* hardLinks.unresolved();
  return at;
}

interface CpioHeader {
  readonly entry: CpioEntry;
  /** Names that the file has. */
  readonly links: number;
  /** Inode and device, which are the same for all names of a file. */
  readonly identity: string;
  /** Offset behind the entry and its padding. */
  readonly end: number;
}

/** @returns undefined when no header begins there */
function readHeader(source: ByteSource, at: number): CpioHeader | undefined {
  if (at % alignment !== 0) return undefined;
  const head = source.read(at, Math.min(usualHeader, source.size - at));
  if (!isCpio(head)) return undefined;
  const { inode, mode, links, size, device, nameSize } = headerFields(source, head, at);
  const nameAt = at + headerSize;
  const contentAt = aligned(nameAt + nameSize);
  const end = size === 0 ? nameAt + nameSize : contentAt + size;
  if (end > source.size) {
    const message = `cpio: an entry ends at ${end}, the file at ${source.size}`;
    throw new IkfsError('truncated', message, { path: source.name, offset: at });
  }
  const inHead = headerSize + nameSize <= head.length;
  const name = inHead ? head.subarray(headerSize, headerSize + nameSize) : source.read(nameAt, nameSize);
  const nul = name.indexOf(0);
  if (nul === -1) throw corrupt(source, at, 'a name has no NUL at its end');
  const kind = kindOf(mode);
  const contentSize = kind === 'file' || kind === 'link' ? size : 0;
  return {
    entry: {
      name: name.toString('utf8', 0, nul),
      kind,
      mode,
      content: { offset: contentAt, size: contentSize },
    },
    links,
    identity: `${device} ${inode}`,
    end: Math.min(aligned(end), source.size),
  };
}

interface HeaderFields {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  /** `8:1`, major and minor. */
  readonly device: string;
  /** With its NUL. */
  readonly nameSize: number;
}

function headerFields(source: ByteSource, head: Buffer, at: number): HeaderFields {
  if (head.length < headerSize) {
    throw new IkfsError('truncated', 'cpio: ends inside a header', { path: source.name, offset: at });
  }
  const digits = head.toString('latin1', magicSize, headerSize);
  if (!/^[0-9A-Fa-f]+$/.test(digits)) throw corrupt(source, at, 'a header is not hexadecimal');
  const field = (index: number): number =>
    Number.parseInt(digits.slice(index * fieldSize, (index + 1) * fieldSize), 16);
  const nameSize = field(11);
  if (nameSize === 0 || nameSize > maximumName) throw corrupt(source, at, `a name has ${nameSize} bytes`);
  return {
    inode: field(0),
    mode: field(1),
    links: field(4),
    size: field(6),
    device: `${field(7)}:${field(8)}`,
    nameSize,
  };
}

function corrupt(source: ByteSource, offset: number, what: string): IkfsError {
  return new IkfsError('corrupt', `cpio: ${what}`, { path: source.name, offset });
}

function aligned(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** inode(7), "The file type and mode". */
function kindOf(mode: number): CpioKind {
  switch (mode & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'link';
    default:
      return 'special';
  }
}

/** Offset of the first byte from there on that is not zero; the source's size when there is none. */
function endOfZeros(source: ByteSource, from: number): number {
  for (let at = from; at < source.size; at += zeros.length) {
    const chunk = source.read(at, Math.min(zeros.length, source.size - at));
    if (!chunk.equals(zeros.subarray(0, chunk.length))) return at + chunk.findIndex((byte) => byte !== 0);
  }
  return source.size;
}

/** The names of files that have several, within one archive. */
class HardLinks {
  readonly #contents = new Map<string, ByteRange>();
  readonly #waiting = new Map<string, CpioEntry[]>();

  /** The names whose content is known now, in the archive's order. */
  *resolve(entry: CpioEntry, identity: string): Generator<CpioEntry, void> {
    const waiting = this.#waiting.get(identity) ?? [];
    const content = entry.content.size > 0 ? entry.content : this.#contents.get(identity);
    if (!content) {
      waiting.push(entry);
      this.#waiting.set(identity, waiting);
      return;
    }
    this.#contents.set(identity, content);
    this.#waiting.delete(identity);
    for (const name of waiting) yield { ...name, content };
    yield { ...entry, content };
  }

  /** The names whose content never came: empty files. */
  *unresolved(): Generator<CpioEntry, void> {
    for (const entries of this.#waiting.values()) yield* entries;
  }
}
