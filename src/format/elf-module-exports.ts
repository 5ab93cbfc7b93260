import type { ByteSource } from '../bytes/byte-source.ts';
import { IkfsError } from '../errors.ts';
import { findSection, parseElf, sectionNamed, sectionSource, sectionType } from './elf.ts';
import type { ElfFile, ElfSection } from './elf.ts';
import {
  exportSections,
  exportText,
  flagsSection,
  mostExports,
  stringsSection,
  typeByFlags,
} from './elf-exports.ts';
import type { ExportType, ExportedSymbol } from './elf-exports.ts';

/** Symbols of a module take 1 MB at the most; cut them all up and a large one has 16. */
const mostSymbolBytes = 64 * 1024 * 1024;

/** st_shndx of a symbol that has a value and no place (gABI chapter 4: SHN_ABS). */
const absolute = 0xfff1;

/** What the symbols are called that tell of an exported one; include/linux/export-internal.h. */
const prefixes = {
  entry: '__ksymtab_',
  namespace: '__kstrtabns_',
  crc: '__crc_',
  flags: '__flags_',
} as const;

/** Where a symbol is: an offset in a section, or a number by itself. */
interface Place {
  readonly section: number;
  /** The lower 32 bits of st_value. */
  readonly value: number;
}

/**
 * The exports of a module, by its symbols: these tell the same of all kernels, whatever entries of its tables look like
 * and whatever relocations would make of them. So does modpost.
 * @returns nothing for a module that exports nothing
 * @throws IkfsError `unsupported` for one that exports something and has no symbols that tell what (strip(1) with
 *   --strip-unneeded takes them away); `corrupt`, `truncated`, `limit`
 */
export function findModuleExports(source: ByteSource): ExportedSymbol[] {
  // Describing every section of thousands of modules would take longer than all the rest.
  if (!findSection(source, stringsSection)) return [];
  const elf = parseElf(source);
  const tables = new Map(exportSections(elf).map(({ section, type }) => [section.index, type]));
  if (tables.size === 0) return [];
  const symbols = readSymbols(source, elf, tables);
  if (symbols.entry.size === 0) {
    throw new IkfsError('unsupported', 'has __ksymtab and no symbols that tell what it exports', {
      path: source.name,
    });
  }
  if (symbols.entry.size > mostExports) {
    throw new IkfsError('limit', `exports ${symbols.entry.size} symbols`, { path: source.name });
  }
  const words = new SectionWords(source, elf);
  const typeOf = typesBy(elf, tables, symbols, words);
  return [...symbols.entry].map(([name, place]) => {
    const [namespace, crc] = [symbols.namespace.get(name), symbols.crc.get(name)];
    return {
      name,
      namespace: namespace ? words.text(namespace) : '',
      crc: crc ? words.u32(crc) : 0,
      type: typeOf(name, place),
    };
  });
}

type Symbols = Readonly<Record<keyof typeof prefixes, Map<string, Place>>>;

/** The symbols of interest, by the names of what is exported. One without a section is not defined. */
function readSymbols(source: ByteSource, elf: ElfFile, tables: ReadonlyMap<number, ExportType>): Symbols {
  const found: Symbols = { entry: new Map(), namespace: new Map(), crc: new Map(), flags: new Map() };
  const table = elf.sections.find(({ type }) => type === sectionType.symbols);
  const text = table && elf.sections[table.link];
  if (!table || !text) return found;
  const symbols = wholeOf(source, table);
  const strings = wholeOf(source, text);
  const isLittle = elf.order === 'little';
  const u32 = (at: number): number => (isLittle ? symbols.readUInt32LE(at) : symbols.readUInt32BE(at));
  // Elf64_Sym has st_shndx before st_value and Elf32_Sym behind; of eight bytes the lower four count.
  const [size, shndxAt, valueAt] = elf.class === 64 ? [24, 6, isLittle ? 8 : 12] : [16, 14, 4];
  for (let at = 0; at + size <= symbols.length; at += size) {
    const nameAt = u32(at);
    // Most symbols are none of these, and have to be passed over quickly.
    if (strings[nameAt] !== underscore || strings[nameAt + 1] !== underscore) continue;
    const kind = kindOf(strings, nameAt);
    if (kind === undefined) continue;
    const section = isLittle ? symbols.readUInt16LE(at + shndxAt) : symbols.readUInt16BE(at + shndxAt);
    if (section === 0 || (kind === 'entry' && !tables.has(section))) continue;
    const name = exportText(strings, nameAt + prefixes[kind].length);
    if (name === undefined || name === '') {
      throw new IkfsError('corrupt', `has a symbol ${prefixes[kind]} of no name`, { path: source.name });
    }
    found[kind].set(name, { section, value: u32(at + valueAt) });
  }
  return found;
}

const underscore = 0x5f;

const prefixBytes = Object.entries(prefixes).map(
  ([kind, prefix]) => [kind as keyof typeof prefixes, Buffer.from(prefix)] as const,
);

/** Which of the symbols of interest has the name at that offset, if any. */
function kindOf(strings: Buffer, at: number): keyof typeof prefixes | undefined {
  for (const [kind, prefix] of prefixBytes) {
    // The third byte tells all but two from one another.
    if (strings[at + 2] !== prefix[2] || at + prefix.length > strings.length) continue;
    if (strings.compare(prefix, 0, prefix.length, at, at + prefix.length) === 0) return kind;
  }
  return undefined;
}

/** How each symbol was exported: by its byte where there is a table of these, else by the section that it is in. */
function typesBy(
  elf: ElfFile,
  tables: ReadonlyMap<number, ExportType>,
  { flags }: Symbols,
  words: SectionWords,
): (name: string, entry: Place) => ExportType {
  const hasFlags = (sectionNamed(elf, flagsSection)?.size ?? 0) > 0;
  return (name, entry) => {
    const place = hasFlags ? flags.get(name) : undefined;
    return place ? typeByFlags(words.u8(place)) : (tables.get(entry.section) ?? 'EXPORT_SYMBOL');
  };
}

/** What symbols lead to. Small sections that all of them are in are read once. */
class SectionWords {
  readonly #source: ByteSource;
  readonly #elf: ElfFile;
  readonly #whole = new Map<number, Buffer>();

  constructor(source: ByteSource, elf: ElfFile) {
    this.#source = source;
    this.#elf = elf;
    const names = ['__kcrctab', '__kcrctab_gpl', stringsSection, flagsSection];
    for (const section of names.map((name) => sectionNamed(elf, name))) {
      if (section) this.#whole.set(section.index, wholeOf(source, section));
    }
  }

  /** A checksum: of an absolute symbol the value itself (before Linux 5.19), else what is where the symbol is. */
  u32({ section, value }: Place): number {
    if (section === absolute) return value;
    const bytes = this.#read(section, value, 4);
    return this.#elf.order === 'little' ? bytes.readUInt32LE() : bytes.readUInt32BE();
  }

  u8({ section, value }: Place): number {
    return this.#read(section, value, 1).readUInt8();
  }

  /** @throws IkfsError `corrupt` for a namespace that is not in the section of strings, or no text */
  text({ section, value }: Place): string {
    const text = exportText(this.#whole.get(section) ?? Buffer.alloc(0), value);
    if (text === undefined) {
      throw new IkfsError('corrupt', `has a symbol ${prefixes.namespace} of no text`, {
        path: this.#source.name,
      });
    }
    return text;
  }

  #read(section: number, offset: number, length: number): Buffer {
    const whole = this.#whole.get(section);
    if (whole && offset + length <= whole.length) return whole.subarray(offset, offset + length);
    const header = this.#elf.sections[section];
    if (!header) {
      throw new IkfsError('corrupt', `has a symbol in section ${section}, which is none`, {
        path: this.#source.name,
      });
    }
    return sectionSource(this.#source, header).read(offset, length);
  }
}

function wholeOf(source: ByteSource, section: ElfSection): Buffer {
  if (section.size > mostSymbolBytes) {
    throw new IkfsError('limit', `has ${section.size} bytes of ${section.name}`, { path: source.name });
  }
  const bytes = sectionSource(source, section);
  return bytes.read(0, bytes.size);
}
