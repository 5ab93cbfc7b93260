import { elfType, sectionFlag } from '../../src/format/elf.ts';
import type { ExportedSymbol } from '../../src/format/elf-exports.ts';
import { buildElf } from './elf-builder.ts';
import type { ElfSpec, SectionSpec, SymbolSpec } from './elf-builder.ts';

/** How the tables of a made-up kernel are written. */
export interface ExportsSpec extends Pick<ElfSpec, 'class' | 'order'> {
  readonly symbols: readonly ExportedSymbol[];
  /** Whether entries are relative to themselves; they are unless given. */
  readonly isRelative?: boolean;
  /** 2 before Linux 5.4, without namespaces; with them a symbol in none has an empty one, or (`null`) none. */
  readonly fields?: 2 | 3 | 'null';
  /** Checksums of 4 bytes unless given, of 8 (before 4.10), as distances (4.10 to 5.18), or none. */
  readonly crcs?: 'words' | 'longs' | 'distances' | 'none';
  /** Whether all symbols are in one table, with flags. */
  readonly hasFlags?: boolean;
}

const base = 0xffffffff82000000n;

/** The sections of exports in the order in which the linker puts them, one right behind the other. */
export function exportContents(spec: ExportsSpec): SectionSpec[] {
  const { isRelative = true, fields = 3, crcs = 'words', hasFlags = false } = spec;
  const isLittle = spec.order !== 'big';
  const wordSize = spec.class === 32 ? 4 : 8;
  const fieldSize = isRelative ? 4 : wordSize;
  const entrySize = (fields === 2 ? 2 : 3) * fieldSize;
  const ofType = (type: string): ExportedSymbol[] =>
    spec.symbols.filter((symbol) => symbol.type === type).sort((a, b) => (a.name < b.name ? -1 : 1));
  const all = [...spec.symbols].sort((a, b) => (a.name < b.name ? -1 : 1));
  const tables = hasFlags ? [all] : [ofType('EXPORT_SYMBOL'), ofType('EXPORT_SYMBOL_GPL')];
  const suffixes = ['', '_gpl'];

  const rows = tables.flat();
  const crcSize = { words: 4, longs: 8, distances: 4, none: 0 }[crcs];
  const stringsAt = rows.length * (entrySize + crcSize + (hasFlags ? 1 : 0));
  let strings = Buffer.alloc(0);
  const textAt = (text: string): number => {
    const bytes = Buffer.from(`${text}\0`);
    const known = strings.indexOf(bytes);
    if (known !== -1) return stringsAt + known;
    strings = Buffer.concat([strings, bytes]);
    return stringsAt + strings.length - bytes.length;
  };
  const number = (value: bigint, size: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    const cut = bytes.subarray(0, size);
    return isLittle ? cut : cut.reverse();
  };
  const pointer = (at: number, target: number): Buffer =>
    isRelative ? number(BigInt(target - at), 4) : number(base + BigInt(target), wordSize);

  const sections: SectionSpec[] = [];
  let end = 0;
  const add = (name: string, content: Buffer): void => {
    if (content.length === 0) return;
    sections.push({ name, content, address: base + BigInt(end), flags: sectionFlag.allocated });
    end += content.length;
  };
  tables.forEach((table, index) => {
    const entries = table.map(({ name, namespace }, row) => {
      const at = end + row * entrySize;
      const value = pointer(at, -4096);
      const parts = [value, pointer(at + fieldSize, textAt(name))];
      const spaceAt = at + 2 * fieldSize;
      if (fields === 3 || (fields === 'null' && namespace !== ''))
        parts.push(pointer(spaceAt, textAt(namespace)));
      else if (fields === 'null') parts.push(Buffer.alloc(fieldSize));
      return Buffer.concat(parts);
    });
    add(`__ksymtab${suffixes[index]}`, Buffer.concat(entries));
  });
  const rodata = rows.map(({ crc }) => number(BigInt(crc), 4));
  // Far behind the strings, wherever these end.
  const rodataAt = 1 << 20;
  let row = 0;
  tables.forEach((table, index) => {
    const values = table.map(({ crc }, place) => {
      if (crcs === 'none') return Buffer.alloc(0);
      if (crcs !== 'distances') return number(BigInt(crc), crcSize);
      return number(BigInt(rodataAt + 4 * row++ - (end + 4 * place)), 4);
    });
    add(`__kcrctab${suffixes[index]}`, Buffer.concat(values));
  });
  if (hasFlags)
    add('__kflagstab', Buffer.from(rows.map(({ type }) => (type === 'EXPORT_SYMBOL_GPL' ? 1 : 0))));
  add('__ksymtab_strings', strings);
  if (crcs === 'distances') {
    const address = base + BigInt(rodataAt);
    sections.push({ name: '.rodata', content: Buffer.concat(rodata), address, flags: sectionFlag.allocated });
  }
  return sections;
}

/** A linked kernel with tables of exports and no symbols. */
export function kernelWithExports(spec: ExportsSpec, more: readonly SectionSpec[] = []): Buffer {
  return buildElf({
    ...kindOf(spec),
    type: elfType.executable,
    sections: [...more, ...exportContents(spec)],
  });
}

/** The same as objcopy -O binary leaves it. @param before bytes in front of the tables, so many */
export function flatWithExports(spec: ExportsSpec, before = 4096): Buffer {
  const sections = exportContents(spec).map(({ address = base, content }) => ({
    offset: before + Number(address - base),
    content: content as Buffer,
  }));
  const end = Math.max(...sections.map(({ offset, content }) => offset + content.length));
  const image = Buffer.alloc(end + 8192);
  for (const { offset, content } of sections) content.copy(image, offset);
  return image;
}

/** How the symbols of a made-up module are written. */
export interface ModuleExportsSpec extends Pick<ElfSpec, 'class' | 'order'> {
  readonly symbols: readonly ExportedSymbol[];
  /** Checksums as words in __kcrctab (since Linux 5.19), as values of symbols (before), in .rodata, or none. */
  readonly crcs?: 'words' | 'values' | 'data' | 'none';
  readonly hasFlags?: boolean;
  /** Whether symbols tell of namespaces; they do unless given. */
  readonly hasNamespaces?: boolean;
}

/** Sections and symbols of a module that exports something. What its entries have in them does not matter. */
export function moduleExports(spec: ModuleExportsSpec): { sections: SectionSpec[]; symbols: SymbolSpec[] } {
  const { crcs = 'words', hasFlags = false, hasNamespaces = true } = spec;
  const contents = new Map<string, Buffer>();
  const symbols: SymbolSpec[] = [];
  const place = (name: string, section: string, content: Buffer): void => {
    const before = contents.get(section) ?? Buffer.alloc(0);
    contents.set(section, Buffer.concat([before, content]));
    symbols.push({ name, value: BigInt(before.length), section });
  };
  for (const { name, namespace, crc, type } of spec.symbols) {
    const suffix = type === 'EXPORT_SYMBOL_GPL' && !hasFlags ? '_gpl' : '';
    place(`__kstrtab_${name}`, '__ksymtab_strings', Buffer.from(`${name}\0`));
    if (hasNamespaces) place(`__kstrtabns_${name}`, '__ksymtab_strings', Buffer.from(`${namespace}\0`));
    place(`__ksymtab_${name}`, `__ksymtab${suffix}`, Buffer.alloc(12));
    const word = Buffer.alloc(4);
    if (spec.order === 'big') word.writeUInt32BE(crc);
    else word.writeUInt32LE(crc);
    if (crcs === 'words') place(`__crc_${name}`, `__kcrctab${suffix}`, word);
    if (crcs === 'data') place(`__crc_${name}`, '.rodata', word);
    if (crcs === 'values') symbols.push({ name: `__crc_${name}`, value: BigInt(crc), section: 0xfff1 });
    if (hasFlags)
      place(`__flags_${name}`, '__kflagstab', Buffer.from([type === 'EXPORT_SYMBOL_GPL' ? 1 : 0]));
    // What it is: that of a function of the module itself.
    symbols.push({ name, value: 0n, section: '__ksymtab_strings' });
  }
  return { sections: [...contents].map(([name, content]) => ({ name, content })), symbols };
}

/** A module that exports something. */
export function moduleWithExports(spec: ModuleExportsSpec, more: readonly SectionSpec[] = []): Buffer {
  const { sections, symbols } = moduleExports(spec);
  return buildElf({ ...kindOf(spec), sections: [...more, ...sections], symbols });
}

function kindOf({ class: bits, order }: Pick<ElfSpec, 'class' | 'order'>): Pick<ElfSpec, 'class' | 'order'> {
  return { ...(bits === undefined ? {} : { class: bits }), ...(order === undefined ? {} : { order }) };
}

/** As many symbols, of both kinds, some in a namespace; checksums look like any others. */
export function someExports(count: number): ExportedSymbol[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `symbol_${String(index).padStart(5, '0')}`,
    namespace: index % 7 === 3 ? `SPACE_${index % 3}` : '',
    crc: Math.imul(index + 1, 0x9e3779b1) >>> 0,
    type: index % 2 === 0 ? 'EXPORT_SYMBOL' : 'EXPORT_SYMBOL_GPL',
  }));
}
