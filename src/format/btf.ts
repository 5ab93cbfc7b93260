import type { ByteRange } from '../bytes/byte-range.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { occurrences } from '../bytes/scan.ts';
import { IkfsError } from '../errors.ts';

/** The header of BTF type information. Ranges are in the source that was parsed. */
export interface BtfHeader {
  readonly order: 'little' | 'big';
  /** 24 bytes, more with sections that came later. */
  readonly headerSize: number;
  readonly types: ByteRange;
  readonly strings: ByteRange;
  /** Sizes of type kinds, for readers that do not know them all; since pahole 1.31. */
  readonly layout: ByteRange | undefined;
  /** Bytes from the header's first to the last section's last. */
  readonly size: number;
  /** Whether it stands alone: a split BTF's string table has no empty string of its own. */
  readonly isBase: boolean;
}

/*
 * Documentation/bpf/btf.rst, section 3, and include/uapi/linux/btf.h: struct btf_header. The magic also
 * tells the byte order.
 */
const magic = 0xeb9f;
const version = 1;
const headerSize = 24;
const headerSizeWithLayout = 32;

/** What BTF of either byte order begins with: magic, version, no flags. */
export const btfStarts: readonly Buffer[] = [
  Buffer.from([0x9f, 0xeb, 0x01, 0x00]),
  Buffer.from([0xeb, 0x9f, 0x01, 0x00]),
];

/**
 * Checks and describes the BTF header at an offset. The rules are libbpf's (src/btf.c: btf_parse_hdr,
 * btf_parse_str_sec).
 * @throws IkfsError `corrupt`, `truncated` when sections go beyond the source, or `unsupported` for another
 *   version
 */
export function parseBtfHeader(source: ByteSource, at = 0): BtfHeader {
  const broken = (message: string, offset: number): IkfsError =>
    new IkfsError('corrupt', `BTF: ${message}`, { path: source.name, offset: at + offset });
  const head = source.read(at, Math.max(0, Math.min(headerSizeWithLayout, source.size - at)));
  const order = head.length >= 2 && head.readUInt16BE(0) === magic ? 'big' : 'little';
  const fields = new Cursor(head, order, at);
  if (fields.u16('magic') !== magic) throw broken('no magic (0xeb9f)', 0);
  const found = fields.u8('version');
  if (found !== version) {
    throw new IkfsError('unsupported', `BTF: version ${found}`, { path: source.name, offset: at + 2 });
  }
  const flags = fields.u8('flags');
  if (flags !== 0)
    throw new IkfsError('unsupported', `BTF: flags ${flags}`, { path: source.name, offset: at + 3 });
  const length = fields.u32('hdr_len');
  if (length < headerSize) throw broken(`hdr_len is ${length}`, 4);
  const section = (name: string): ByteRange => {
    const field = fields.position;
    const offset = length + fields.u32(`${name}_off`);
    const size = fields.u32(`${name}_len`);
    if (offset > source.size - at - size) {
      throw new IkfsError(
        'truncated',
        `BTF: ${name}_off and ${name}_len go beyond the ${source.size - at} bytes there are`,
        {
          path: source.name,
          offset: at + field,
        },
      );
    }
    return { offset: at + offset, size };
  };
  const types = section('type');
  const strings = section('str');
  const layout = length >= headerSizeWithLayout ? section('layout') : undefined;
  if ((types.offset - at - length) % 4 !== 0) throw broken('type_off is not a multiple of 4', 8);
  if (strings.offset < endOf(types)) throw broken('the strings overlap the types', 16);
  if (strings.size > 0 && source.read(endOf(strings) - 1, 1)[0] !== 0) {
    throw broken('the strings do not end with NUL', endOf(strings) - 1 - at);
  }
  const isBase = strings.size > 0 && source.read(strings.offset, 1)[0] === 0;
  const size = Math.max(endOf(types), endOf(strings), layout ? endOf(layout) : 0) - at;
  return { order, headerSize: length, types, strings, layout, size, isBase };
}

/**
 * The BTF of a kernel in a flat image, which has no section headers: of all hits of the magic with a valid
 * header, the largest whose sections stand one behind the other as linkers and pahole write them.
 * @param starts where one of `btfStarts` stands, unless that is still to be looked for
 * @returns its range; undefined when there is none
 */
export function findBtf(
  source: ByteSource,
  starts: Iterable<number> = btfStarts.flatMap((start) => [...occurrences(source, start)]),
): (ByteRange & { readonly order: 'little' | 'big' }) | undefined {
  let best: (ByteRange & { readonly order: 'little' | 'big' }) | undefined;
  for (const offset of starts) {
    const header = validHeader(source, offset);
    if (!header || !header.isBase || !isCompact(header, offset)) continue;
    if (!best || header.size > best.size) best = { offset, size: header.size, order: header.order };
  }
  return best;
}

/** The header at an offset, or undefined when the bytes there are something else. */
function validHeader(source: ByteSource, offset: number): BtfHeader | undefined {
  try {
    return parseBtfHeader(source, offset);
  } catch (error) {
    if (error instanceof IkfsError && (error.code === 'corrupt' || error.code === 'truncated'))
      return undefined;
    throw error;
  }
}

/** Types right behind the header, strings right behind the types or behind the layout that follows these. */
function isCompact({ headerSize: length, types, strings, layout }: BtfHeader, offset: number): boolean {
  if (types.offset !== offset + length || types.size === 0) return false;
  if (strings.offset === endOf(types)) return true;
  return layout?.offset === endOf(types) && strings.offset === endOf(layout);
}

function endOf(range: ByteRange): number {
  return range.offset + range.size;
}
