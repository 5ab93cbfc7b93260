import type { ByteRange } from '../bytes/byte-range.ts';
import { WindowSource } from '../bytes/byte-source.ts';
import type { ByteSource } from '../bytes/byte-source.ts';
import { Cursor } from '../bytes/cursor.ts';
import { IkfsError } from '../errors.ts';
import { elfMachineName } from './elf-machine.ts';

/*
 * The format: elf(5), the System V ABI ("gABI") chapters 4 and 5, include/uapi/linux/elf.h. Tables are read
 * whole, as every read may be a system call and a system has thousands of modules.
 */

/** Values of ElfHeader.type. */
export const elfType = { relocatable: 1, executable: 2, shared: 3 } as const;

/** Values of ElfSection.type that mean something here. */
export const sectionType = { none: 0, symbols: 2, noBits: 8, dynamicSymbols: 11 } as const;

/** Bits of ElfSection.flags that mean something here. */
export const sectionFlag = { allocated: 0x2, compressed: 0x800 } as const;

/** A table of the file: `count` entries, `size` bytes in all. */
export interface ElfTable extends ByteRange {
  readonly count: number;
}

/** The file header, with the numbers that overflow it (gABI: extended section numbering) put in. */
export interface ElfHeader {
  readonly class: 32 | 64;
  readonly order: 'little' | 'big';
  /** e_machine; see elf-machine.ts. */
  readonly machine: number;
  readonly machineName: string;
  /** e_type: one of `elfType`, or another number. */
  readonly type: number;
  readonly sectionTable: ElfTable;
  readonly segmentTable: ElfTable;
  /** Index of the section that holds the section names; 0 for none. */
  readonly nameSection: number;
}

/** A section header. Offset and size are in bytes; those of a `noBits` section describe memory only. */
export interface ElfSection {
  readonly index: number;
  /** Empty when the section has none, or one that does not lie in the name table. */
  readonly name: string;
  readonly type: number;
  /** The lower 32 bits of sh_flags. */
  readonly flags: number;
  /** Where it is in memory; 0 in a relocatable file. */
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** A program header. Offset and size are those in the file, in bytes. */
export interface ElfSegment extends ByteRange {
  readonly type: number;
}

/** Everything that the headers of an ELF file say. */
export interface ElfFile extends ElfHeader {
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
}

const magic = Buffer.from('\x7fELF', 'latin1');
const headerSize = { 32: 52, 64: 64 } as const;
const sectionHeaderSize = { 32: 40, 64: 64 } as const;
const segmentHeaderSize = { 32: 32, 64: 56 } as const;

/** e_shstrndx and e_phnum when the number did not fit and section header 0 has it. */
const extendedIndex = 0xffff;

/** A kernel has about 80 sections and a module 93 at the most; code with a section a function has more. */
const maximumSections = 128 * 1024;
/** Names of a vmlinux take 1 KB. */
const maximumNames = 16 * 1024 * 1024;
/** The longest section name looked at: names may overlap, so a long one costs as often as it is used. */
const maximumName = 512;

/** Whether a file that begins with these bytes (4 are enough) is an ELF file. */
export function isElf(head: Buffer): boolean {
  return head.length >= magic.length && head.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/**
 * The header of an ELF file; one read, two with extended section numbering.
 * @throws IkfsError `corrupt` when it is no ELF file, `truncated`, or `limit` for a hostile number of
 *   sections
 */
export function parseElfHeader(source: ByteSource): ElfHeader {
  const head = source.read(0, Math.min(headerSize[64], source.size));
  if (!isElf(head)) throw new IkfsError('corrupt', 'is not an ELF file', { path: source.name, offset: 0 });
  const bits = oneOf(head[4], 32, 64, source, 4, 'class');
  const order = oneOf(head[5], 'little', 'big', source, 5, 'byte order');
  const fields = new Cursor(head, order).seek(16);
  const word = (name: string): number => (bits === 64 ? fields.u64(name) : fields.u32(name));

  const type = fields.u16('e_type');
  const machine = fields.u16('e_machine');
  fields.skip(4 + bits / 8);
  const segmentsAt = word('e_phoff');
  const sectionsAt = word('e_shoff');
  fields.skip(4 + 2);
  const segmentSize = fields.u16('e_phentsize');
  let segmentCount = fields.u16('e_phnum');
  const sectionSize = fields.u16('e_shentsize');
  let sectionCount = fields.u16('e_shnum');
  let nameSection = fields.u16('e_shstrndx');

  if (sectionsAt === 0) {
    sectionCount = 0;
    nameSection = 0;
  } else {
    checkEntrySize(source, 'section', sectionSize, sectionHeaderSize[bits]);
    if (sectionCount === 0 || nameSection === extendedIndex || segmentCount === extendedIndex) {
      const bytes = readTable(source, { offset: sectionsAt, size: sectionSize }, 'section header 0');
      const first = readSection(new Cursor(bytes, order, sectionsAt), bits, 0);
      if (sectionCount === 0) sectionCount = first.size;
      if (nameSection === extendedIndex) nameSection = first.link;
      if (segmentCount === extendedIndex) segmentCount = first.info;
    }
  }
  if (segmentCount > 0) checkEntrySize(source, 'program', segmentSize, segmentHeaderSize[bits]);
  if (sectionCount > maximumSections || segmentCount > maximumSections) {
    throw new IkfsError('limit', `has ${sectionCount} sections and ${segmentCount} segments`, {
      path: source.name,
    });
  }
  return {
    class: bits,
    order,
    machine,
    machineName: elfMachineName(machine),
    type,
    sectionTable: { offset: sectionsAt, count: sectionCount, size: sectionCount * sectionHeaderSize[bits] },
    segmentTable: { offset: segmentsAt, count: segmentCount, size: segmentCount * segmentHeaderSize[bits] },
    nameSection,
  };
}

/**
 * All headers of an ELF file; three reads (header, section headers, names), one more where there are
 * segments. Ranges of sections are not checked here: `sectionSource` does, so that one bad section does not
 * hide the others.
 * @throws IkfsError `corrupt`, `truncated`, `limit`
 */
export function parseElf(source: ByteSource): ElfFile {
  const header = parseElfHeader(source);
  const { read, names } = openSections(source, header);
  const sections = Array.from({ length: header.sectionTable.count }, (_, index) => {
    const { nameOffset, ...section } = read(index);
    return { ...section, name: nameAt(names, nameOffset) };
  });
  return { ...header, sections, segments: readSegments(source, header) };
}

/**
 * The first section of that name without describing all the others: for thousands of modules in a row.
 * @returns undefined when no section has that name
 * @throws IkfsError as parseElf
 */
export function findSection(
  source: ByteSource,
  name: string,
): { readonly header: ElfHeader; readonly section: ElfSection } | undefined {
  const header = parseElfHeader(source);
  const { bytes, read, names } = openSections(source, header);
  const wanted = Buffer.from(`${name}\0`);
  const step = sectionHeaderSize[header.class];
  for (let index = 0; index < header.sectionTable.count; index += 1) {
    const at =
      header.order === 'little' ? bytes.readUInt32LE(index * step) : bytes.readUInt32BE(index * step);
    if (at === 0 || at + wanted.length > names.length) continue;
    if (names.compare(wanted, 0, wanted.length, at, at + wanted.length) !== 0) continue;
    const { nameOffset: _, ...section } = read(index);
    return { header, section: { ...section, name } };
  }
  return undefined;
}

/** The first section of that name. */
export function sectionNamed(elf: ElfFile, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name);
}

/**
 * The bytes of a section; none for one that only takes memory.
 * @throws IkfsError `truncated` when it lies outside the file, `unsupported` when it is compressed
 */
export function sectionSource(source: ByteSource, section: ElfSection): ByteSource {
  const name = `section ${section.name === '' ? section.index : section.name}`;
  if (section.type === sectionType.noBits) return new WindowSource(source, 0, 0);
  if ((section.flags & sectionFlag.compressed) !== 0) {
    throw new IkfsError('unsupported', `${name} is compressed`, {
      path: source.name,
      offset: section.offset,
    });
  }
  checkInside(source, section, name);
  return new WindowSource(source, section.offset, section.size);
}

/**
 * Where the ELF file proper ends, in bytes: behind its last table, section or segment. What the kernel's
 * build puts behind that (relocations of arch/x86/boot/compressed, a module's signature) is no part of it.
 * @throws IkfsError `corrupt` when the headers put it where no file ends
 */
export function elfEnd(elf: ElfFile): number {
  let end: number = headerSize[elf.class];
  const cover = (range: ByteRange): void => {
    if (range.size > 0) end = Math.max(end, range.offset + range.size);
  };
  cover(elf.sectionTable);
  cover(elf.segmentTable);
  elf.segments.forEach(cover);
  const stored = elf.sections.filter(({ type }) => type !== sectionType.noBits && type !== sectionType.none);
  stored.forEach(cover);
  if (!Number.isSafeInteger(end))
    throw new IkfsError('corrupt', 'has a section or segment of impossible size');
  return end;
}

/** Reads the section header table and the table of names. */
function openSections(
  source: ByteSource,
  header: ElfHeader,
): { bytes: Buffer; read: (index: number) => RawSection; names: Buffer } {
  const { sectionTable: table, nameSection } = header;
  const bytes = readTable(source, table, 'section header table');
  const fields = new Cursor(bytes, header.order, table.offset);
  const read = (index: number): RawSection =>
    readSection(fields.seek(index * sectionHeaderSize[header.class]), header.class, index);
  if (nameSection === 0) return { bytes, read, names: Buffer.alloc(0) };
  if (nameSection >= table.count) {
    throw new IkfsError('corrupt', `e_shstrndx is ${nameSection}, of ${table.count} sections`, {
      path: source.name,
    });
  }
  const strings = read(nameSection);
  if (strings.type === sectionType.noBits) return { bytes, read, names: Buffer.alloc(0) };
  if (strings.size > maximumNames) {
    throw new IkfsError('limit', `has ${strings.size} bytes of section names`, { path: source.name });
  }
  return { bytes, read, names: readTable(source, strings, 'table of section names') };
}

type RawSection = Omit<ElfSection, 'name'> & { readonly nameOffset: number };

/** Reads Elf32_Shdr or Elf64_Shdr. */
function readSection(fields: Cursor, bits: 32 | 64, index: number): RawSection {
  const is64 = bits === 64;
  const nameOffset = fields.u32('sh_name');
  const type = fields.u32('sh_type');
  const flags = is64 ? Number(BigInt.asUintN(32, fields.address64('sh_flags'))) : fields.u32('sh_flags');
  const address = is64 ? fields.address64('sh_addr') : BigInt(fields.u32('sh_addr'));
  const offset = is64 ? fields.u64('sh_offset') : fields.u32('sh_offset');
  const size = is64 ? fields.u64('sh_size') : fields.u32('sh_size');
  const link = fields.u32('sh_link');
  const info = fields.u32('sh_info');
  const alignment = is64 ? fields.u64('sh_addralign') : fields.u32('sh_addralign');
  const entrySize = is64 ? fields.u64('sh_entsize') : fields.u32('sh_entsize');
  return { index, type, flags, address, offset, size, link, info, alignment, entrySize, nameOffset };
}

/** Reads Elf32_Phdr or Elf64_Phdr for each segment. */
function readSegments(source: ByteSource, header: ElfHeader): ElfSegment[] {
  const { segmentTable: table, class: bits } = header;
  if (table.count === 0) return [];
  const fields = new Cursor(readTable(source, table, 'program header table'), header.order, table.offset);
  return Array.from({ length: table.count }, (_, index) => {
    fields.seek(index * segmentHeaderSize[bits]);
    const type = fields.u32('p_type');
    if (bits === 32) {
      const offset = fields.u32('p_offset');
      return { type, offset, size: fields.skip(8).u32('p_filesz') };
    }
    const offset = fields.skip(4).u64('p_offset');
    return { type, offset, size: fields.skip(16).u64('p_filesz') };
  });
}

/** The string at an offset of the name table; empty when it has no end there. */
function nameAt(names: Buffer, offset: number): string {
  if (offset === 0 || offset >= names.length) return '';
  const length = names.subarray(offset, offset + maximumName).indexOf(0);
  return length === -1 ? '' : names.toString('utf8', offset, offset + length);
}

function oneOf<T>(
  value: number | undefined,
  one: T,
  two: T,
  source: ByteSource,
  offset: number,
  field: string,
): T {
  if (value === 1) return one;
  if (value === 2) return two;
  throw new IkfsError('corrupt', `ELF ${field} is ${value ?? 'missing'}, not 1 or 2`, {
    path: source.name,
    offset,
  });
}

/** The kernel, too, takes no other size (kernel/module/main.c: elf_validity_check). */
function checkEntrySize(source: ByteSource, table: string, size: number, expected: number): void {
  if (size === expected) return;
  throw new IkfsError('corrupt', `${table} headers are ${size} bytes long, not ${expected}`, {
    path: source.name,
  });
}

function checkInside(source: ByteSource, { offset, size }: ByteRange, what: string): void {
  if (offset <= source.size - size) return;
  const message = `${what} has ${size} bytes from ${offset}, the file only ${source.size}`;
  throw new IkfsError('truncated', message, { path: source.name, offset });
}

function readTable(source: ByteSource, range: ByteRange, what: string): Buffer {
  if (range.size === 0) return Buffer.alloc(0);
  checkInside(source, range, what);
  return source.read(range.offset, range.size);
}
