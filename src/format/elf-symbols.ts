import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { occurrences } from '../bytes/scan.ts';
import { IkfsError } from '../errors.ts';
import { elfType, sectionFlag, sectionSource, sectionType } from './elf.ts';
import type { ElfFile, ElfSection } from './elf.ts';

/** A defined symbol of an ELF file (elf(5), gABI chapter 4: symbol table). */
export interface ElfSymbol {
  readonly name: string;
  /** Offset in its section in a relocatable file, else an address. */
  readonly value: bigint;
  /** In bytes; 0 for symbols defined in assembly without .size. */
  readonly size: bigint;
  /** st_shndx: the section's index, or a reserved number from 0xff00. */
  readonly sectionIndex: number;
}

const symbolSize = { 32: 16, 64: 24 } as const;

/** Symbols read at a time; a vmlinux has 100,000 and more. */
const batch = 32 * 1024;

/**
 * Looks symbols up by name in the symbol table, or in the dynamic one where there is no other. The names
 * are searched in the string table first, so that of each symbol only the offset of its name is looked at.
 * @returns the first definition of each name; names without one are missing
 * @throws IkfsError `corrupt` or `truncated` for tables outside the file or of a wrong form
 */
export function findSymbols(
  source: ByteSource,
  elf: ElfFile,
  names: readonly string[],
): Map<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  const table =
    elf.sections.find((section) => section.type === sectionType.symbols) ??
    elf.sections.find((section) => section.type === sectionType.dynamicSymbols);
  if (!table) return found;
  const entrySize = symbolSize[elf.class];
  if (table.entrySize !== entrySize) {
    throw new IkfsError('corrupt', `symbols are ${table.entrySize} bytes long, not ${entrySize}`, {
      path: source.name,
    });
  }
  const strings = elf.sections[table.link];
  if (!strings) {
    throw new IkfsError('corrupt', `symbol table names section ${table.link} for its strings`, {
      path: source.name,
    });
  }
  const wanted = nameOffsets(sectionSource(source, strings), names);
  if (wanted.size === 0) return found;

  const symbols = sectionSource(source, table);
  const count = Math.floor(symbols.size / entrySize);
  for (let start = 0; start < count && found.size < names.length; start += batch) {
    const length = Math.min(batch, count - start) * entrySize;
    const bytes = symbols.read(start * entrySize, length);
    for (let at = 0; at < length; at += entrySize) {
      const name = wanted.get(elf.order === 'little' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
      if (name === undefined || found.has(name)) continue;
      const symbol = readSymbol(new Cursor(bytes, elf.order).seek(at + 4), elf.class, name);
      if (symbol.sectionIndex !== 0) found.set(name, symbol);
    }
  }
  return found;
}

/**
 * Where in the file a symbol's bytes begin; for a symbol at the end of a section, where the section ends.
 * @throws IkfsError `not-found` when no bytes of the file belong to it, `corrupt` when it lies outside its
 *   section
 */
export function symbolFileOffset(elf: ElfFile, symbol: ElfSymbol): number {
  const section = sectionOf(elf, symbol);
  if (!section || section.type === sectionType.noBits) {
    throw new IkfsError('not-found', `symbol ${symbol.name} is in no section with content`);
  }
  const inside = elf.type === elfType.relocatable ? symbol.value : symbol.value - section.address;
  if (inside < 0n || inside > BigInt(section.size)) {
    throw new IkfsError('corrupt', `symbol ${symbol.name} lies outside section ${section.name}`);
  }
  return section.offset + Number(inside);
}

/** The section that the symbol names, else (in a linked file) the one that has its address. */
function sectionOf(elf: ElfFile, { value, sectionIndex }: ElfSymbol): ElfSection | undefined {
  const named = elf.sections[sectionIndex];
  if (named || elf.type === elfType.relocatable) return named;
  return elf.sections.find(
    ({ flags, address, size }) =>
      (flags & sectionFlag.allocated) !== 0 && address <= value && value < address + BigInt(size),
  );
}

/** Every offset in a string table that reads as one of the names, also as the tail of another string. */
function nameOffsets(strings: ByteSource, names: readonly string[]): Map<number, string> {
  const offsets = new Map<number, string>();
  for (const name of names) {
    for (const offset of occurrences(strings, Buffer.from(`${name}\0`))) offsets.set(offset, name);
  }
  return offsets;
}

/** Reads an Elf32_Sym or Elf64_Sym from behind st_name: the two have their fields in different orders. */
function readSymbol(fields: Cursor, bits: 32 | 64, name: string): ElfSymbol {
  if (bits === 32) {
    const value = BigInt(fields.u32('st_value'));
    const size = BigInt(fields.u32('st_size'));
    return { name, value, size, sectionIndex: fields.skip(2).u16('st_shndx') };
  }
  const sectionIndex = fields.skip(2).u16('st_shndx');
  return { name, value: fields.address64('st_value'), size: fields.address64('st_size'), sectionIndex };
}
