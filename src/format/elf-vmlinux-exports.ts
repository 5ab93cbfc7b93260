import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { elfType, sectionNamed, sectionSource, sectionType } from './elf.ts';
import type { ElfFile, ElfSection } from './elf.ts';
import {
  exportSections,
  exportText,
  flagsSection,
  followDistances,
  mostExports,
  stringsSection,
  typeByFlags,
} from './elf-exports.ts';
import type { ExportSection, ExportType, ExportedSymbol } from './elf-exports.ts';

/** The symbols that a kernel exports, or why it has no table of them. */
export type KernelExports = { readonly symbols: readonly ExportedSymbol[] } | { readonly missing: string };

/**
 * How entries of __ksymtab look: struct kernel_symbol of kernel/module/internal.h, earlier of include/linux/export.h. Fields
 * are value, name and, since Linux 5.4, namespace.
 */
interface Layout {
  /** Whether fields have 32 bits and are relative to themselves (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, since 4.19). */
  readonly isRelative: boolean;
  readonly fields: 2 | 3;
}

/** Nothing in a kernel tells which one it has but that names are where it says. */
const layouts: readonly Layout[] = [
  { isRelative: true, fields: 3 },
  { isRelative: false, fields: 3 },
  { isRelative: true, fields: 2 },
  { isRelative: false, fields: 2 },
];

/** Strings of a kernel take 200 KB. */
const mostStrings = 64 * 1024 * 1024;

/**
 * The exports of a linked kernel, by its tables. No symbol table is needed.
 * @returns `missing` for a kernel without modules, or a file without sections or of objects that are not linked
 * @throws IkfsError `unsupported` when entries are in none of the forms above, as in a kernel whose addresses are put in
 *   only when it starts; `corrupt`, `truncated`, `limit`
 */
export function findKernelExports(source: ByteSource, elf: ElfFile): KernelExports {
  if (elf.type === elfType.relocatable) return { missing: 'is not linked' };
  if (elf.sections.length <= 1) return { missing: 'has no section headers to find __ksymtab by' };
  const tables = exportSections(elf);
  const text = sectionNamed(elf, stringsSection);
  if (tables.length === 0 || !text) return { missing: 'no section __ksymtab (CONFIG_MODULES is off)' };
  if (tables.every(({ section }) => section.type === sectionType.noBits)) {
    return { missing: '__ksymtab is empty, as in a file that has debugging information only' };
  }
  const strings = bytesOf(source, text, mostStrings);
  const words = new Words(elf);
  const sections = tables.map((table) => ({
    table,
    bytes: bytesOf(source, table.section, mostExports * 3 * words.size),
  }));
  for (const layout of layouts) {
    const found = sections.map(({ table, bytes }) => {
      const names = readNames({ bytes, address: table.section.address }, { strings, text }, layout, words);
      return names && { table, names };
    });
    if (found.every((each) => each !== undefined)) {
      const symbols = found.flatMap(({ table, names }) => complete(source, elf, words, table, names));
      return { symbols };
    }
  }
  throw new IkfsError('unsupported', 'entries of __ksymtab do not lead to names in __ksymtab_strings', {
    path: source.name,
    offset: tables[0]?.section.offset,
  });
}

/** Numbers of a file's byte order and class. */
class Words {
  /** Bytes of an address. */
  readonly size: 4 | 8;
  readonly #isLittle: boolean;

  constructor({ class: bits, order }: ElfFile) {
    this.size = bits === 64 ? 8 : 4;
    this.#isLittle = order === 'little';
  }

  u32(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  i32(bytes: Buffer, at: number): number {
    return this.u32(bytes, at) | 0;
  }

  /** The lower 32 bits of 8 bytes. */
  lowOf64(bytes: Buffer, at: number): number {
    return this.u32(bytes, this.#isLittle ? at : at + 4);
  }

  address(bytes: Buffer, at: number): bigint {
    if (this.size === 4) return BigInt(this.u32(bytes, at));
    return this.#isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
  }
}

type NamedExport = Pick<ExportedSymbol, 'name' | 'namespace'>;

/** Names of all entries of a table, or undefined when they are not of that layout. */
function readNames(
  table: { readonly bytes: Buffer; readonly address: bigint },
  { strings, text }: { readonly strings: Buffer; readonly text: ElfSection },
  { isRelative, fields }: Layout,
  words: Words,
): NamedExport[] | undefined {
  const { bytes } = table;
  const fieldSize = isRelative ? 4 : words.size;
  const entrySize = fields * fieldSize;
  if (bytes.length % entrySize !== 0) return undefined;
  // What is relative to a field's address is told from the difference of the two sections' alone.
  const distance = Number(BigInt.asIntN(64, table.address - text.address));
  const offsetAt = (at: number): number =>
    isRelative
      ? distance + at + words.i32(bytes, at)
      : Number(BigInt.asIntN(64, words.address(bytes, at) - text.address));
  const isNull = (at: number): boolean =>
    isRelative ? words.u32(bytes, at) === 0 : words.address(bytes, at) === 0n;
  const names: NamedExport[] = [];
  for (let at = 0; at < bytes.length; at += entrySize) {
    const name = exportText(strings, offsetAt(at + fieldSize));
    const spaceAt = at + 2 * fieldSize;
    // At first a symbol in no namespace had none, later an empty one.
    const namespace = fields === 2 || isNull(spaceAt) ? '' : exportText(strings, offsetAt(spaceAt));
    if (name === undefined || name === '' || namespace === undefined) return undefined;
    names.push({ name, namespace });
  }
  return names;
}

/** Adds checksums and kinds, which are in tables of the same order. */
function complete(
  source: ByteSource,
  elf: ElfFile,
  words: Words,
  { suffix, type }: ExportSection,
  names: readonly NamedExport[],
): ExportedSymbol[] {
  if (names.length > mostExports) {
    throw new IkfsError('limit', `exports ${names.length} symbols`, { path: source.name });
  }
  const crcs = readCrcs(source, elf, words, sectionNamed(elf, `__kcrctab${suffix}`), names.length);
  const types = suffix === '' ? readTypes(source, elf, names.length) : undefined;
  return names.map((name, index) => ({ ...name, crc: crcs?.[index] ?? 0, type: types?.[index] ?? type }));
}

/** How the symbols of __ksymtab were exported, where one table has all of them. */
function readTypes(source: ByteSource, elf: ElfFile, count: number): ExportType[] | undefined {
  const section = sectionNamed(elf, flagsSection);
  if (!section || section.size === 0) return undefined;
  const bytes = bytesOf(source, section, mostExports);
  if (bytes.length !== count) throw unequal(source, section, count);
  return [...bytes].map(typeByFlags);
}

/** Checksums in the order of the table, or undefined when there are none (CONFIG_MODVERSIONS is off). */
function readCrcs(
  source: ByteSource,
  elf: ElfFile,
  words: Words,
  section: ElfSection | undefined,
  count: number,
): number[] | undefined {
  if (!section || section.size === 0) return undefined;
  const bytes = bytesOf(source, section, mostExports * 8);
  const indexes = Array.from({ length: count }, (_, index) => index);
  // Before Linux 4.10 they were as long as an address.
  if (bytes.length === count * 8 && words.size === 8)
    return indexes.map((index) => words.lowOf64(bytes, index * 8));
  if (bytes.length !== count * 4) throw unequal(source, section, count);
  return (
    readDistantCrcs(source, elf, words, { bytes, address: section.address }) ??
    indexes.map((index) => words.u32(bytes, index * 4))
  );
}

/** Checksums that are in .rodata, if the table has their distances. */
function readDistantCrcs(
  source: ByteSource,
  elf: ElfFile,
  words: Words,
  { bytes, address }: { readonly bytes: Buffer; readonly address: bigint },
): number[] | undefined {
  const section = sectionNamed(elf, '.rodata');
  if (!section) return undefined;
  const data = sectionSource(source, section);
  const start = Number(BigInt.asIntN(64, address - section.address));
  const places: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) places.push(start + at + words.i32(bytes, at));
  return followDistances(places, data.size, (place) => words.u32(data.read(place, 4), 0));
}

function bytesOf(source: ByteSource, section: ElfSection, cap: number): Buffer {
  if (section.size > cap) {
    throw new IkfsError('limit', `has ${section.size} bytes of ${section.name}`, { path: source.name });
  }
  const bytes = sectionSource(source, section);
  return bytes.read(0, bytes.size);
}

function unequal(source: ByteSource, { name, size, offset }: ElfSection, count: number): IkfsError {
  return new IkfsError('corrupt', `${name} has ${size} bytes for ${count} symbols`, {
    path: source.name,
    offset,
  });
}
