import { elfType } from '../../src/format/elf.ts';

/** A section to build. */
export interface SectionSpec {
  readonly name: string;
  /** sh_type; 1 (PROGBITS) unless given. */
  readonly type?: number;
  readonly flags?: number;
  readonly address?: bigint;
  /** Its bytes, or how many it has in memory (SHT_NOBITS). */
  readonly content: Buffer | number;
  readonly link?: number;
  readonly info?: number;
  readonly alignment?: number;
  readonly entrySize?: number;
}

/** A symbol to build. */
export interface SymbolSpec {
  readonly name: string;
  readonly value: bigint;
  readonly size?: bigint;
  /** Name of its section, or the number itself (0 leaves it undefined). */
  readonly section: string | number;
}

/** A program segment to build; offset and size are written as they are. */
export interface SegmentSpec {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

export interface ElfSpec {
  readonly class?: 32 | 64;
  readonly order?: 'little' | 'big';
  /** e_machine; 62 (x86-64) unless given. */
  readonly machine?: number;
  /** e_type; relocatable unless given. */
  readonly type?: number;
  readonly sections: readonly SectionSpec[];
  readonly symbols?: readonly SymbolSpec[];
  /** sh_type of the symbol table; 11 for a dynamic one. */
  readonly symbolTable?: 2 | 11;
  readonly segments?: readonly SegmentSpec[];
  /** Puts the section count, and index of names, into section header 0, whatever they are. */
  readonly extendedNumbering?: boolean;
}

/**
 * Builds an ELF file: header, program headers, sections one behind the other from section 1, then (with
 * symbols) .symtab and .strtab, then .shstrtab, then the section header table.
 */
export function buildElf(spec: ElfSpec): Buffer {
  const bits = spec.class ?? 64;
  const is64 = bits === 64;
  const write = new FieldWriter(spec.order ?? 'little', is64);
  const sections: SectionSpec[] = [{ name: '', type: 0, content: 0 }, ...spec.sections];
  const symbols = spec.symbols ?? [];
  if (symbols.length > 0) {
    const table = spec.symbolTable ?? 2;
    const strings = stringTable(symbols.map((symbol) => symbol.name));
    sections.push({
      name: table === 2 ? '.symtab' : '.dynsym',
      type: table,
      link: sections.length + 1,
      entrySize: is64 ? 24 : 16,
      alignment: 8,
      content: Buffer.concat([
        Buffer.alloc(is64 ? 24 : 16),
        ...symbols.map((symbol, index) => symbolBytes(symbol, strings.offsets[index] ?? 0)),
      ]),
    });
    sections.push({ name: table === 2 ? '.strtab' : '.dynstr', type: 3, content: strings.bytes });
  }
  const names = stringTable([...sections.map((section) => section.name), '.shstrtab']);
  sections.push({ name: '.shstrtab', type: 3, content: names.bytes });

  const headerSize = is64 ? 64 : 52;
  const segments = (spec.segments ?? []).map(segmentBytes);
  const parts: Buffer[] = [Buffer.alloc(headerSize), ...segments];
  let end = parts.reduce((sum, part) => sum + part.length, 0);
  const append = (bytes: Buffer, alignment: number): number => {
    const padding = (alignment - (end % alignment)) % alignment;
    parts.push(Buffer.alloc(padding), bytes);
    end += padding + bytes.length;
    return end - bytes.length;
  };
  const headers = sections.map((section, index) => {
    const bytes = typeof section.content === 'number' ? Buffer.alloc(0) : section.content;
    const offset = index === 0 ? 0 : append(bytes, section.alignment ?? 1);
    return sectionBytes(section, index, offset);
  });
  const sectionTable = append(Buffer.concat(headers), 8);

  const file = Buffer.concat(parts);
  const phentsize = is64 ? 56 : 32;
  Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, write.order === 'little' ? 1 : 2, 1]),
    Buffer.alloc(9),
    write.u16(spec.type ?? elfType.relocatable),
    write.u16(spec.machine ?? 62),
    write.u32(1),
    write.word(0),
    write.word(segments.length > 0 ? headerSize : 0),
    write.word(sectionTable),
    write.u32(0),
    write.u16(headerSize),
    write.u16(phentsize),
    write.u16(segments.length),
    write.u16(is64 ? 64 : 40),
    write.u16(spec.extendedNumbering === true ? 0 : sections.length),
    write.u16(spec.extendedNumbering === true ? 0xffff : sections.length - 1),
  ]).copy(file);
  return file;

  function sectionBytes(section: SectionSpec, index: number, offset: number): Buffer {
    const first = index === 0 && spec.extendedNumbering === true;
    const size = typeof section.content === 'number' ? section.content : section.content.length;
    return Buffer.concat([
      write.u32(names.offsets[index] ?? 0),
      write.u32(section.type ?? 1),
      write.word(section.flags ?? 0),
      write.word(section.address ?? 0),
      write.word(offset),
      write.word(first ? sections.length : size),
      write.u32(first ? sections.length - 1 : (section.link ?? 0)),
      write.u32(section.info ?? 0),
      write.word(section.alignment ?? 1),
      write.word(section.entrySize ?? 0),
    ]);
  }

  function symbolBytes(symbol: SymbolSpec, name: number): Buffer {
    const { value, size = 0n, section } = symbol;
    const index = typeof section === 'number' ? section : sections.findIndex((each) => each.name === section);
    const kind = Buffer.from([0x10, 0]);
    return is64
      ? Buffer.concat([write.u32(name), kind, write.u16(index), write.word(value), write.word(size)])
      : Buffer.concat([write.u32(name), write.word(value), write.word(size), kind, write.u16(index)]);
  }

  function segmentBytes(segment: SegmentSpec): Buffer {
    const { type, offset, size } = segment;
    const sizes = [write.word(size), write.word(size)];
    return is64
      ? Buffer.concat([
          write.u32(type),
          write.u32(0),
          write.word(offset),
          Buffer.alloc(16),
          ...sizes,
          write.word(1),
        ])
      : Buffer.concat([write.u32(type), write.word(offset), Buffer.alloc(8), ...sizes, Buffer.alloc(8)]);
  }
}

/** Strings with a NUL behind each and one before them, and where each begins; empty ones are at 0. */
function stringTable(strings: readonly string[]): { bytes: Buffer; offsets: number[] } {
  let bytes = Buffer.alloc(1);
  const offsets = strings.map((string) => {
    if (string === '') return 0;
    const offset = bytes.length;
    bytes = Buffer.concat([bytes, Buffer.from(`${string}\0`)]);
    return offset;
  });
  return { bytes, offsets };
}

/** Fields of one byte order and word size, each as bytes. */
class FieldWriter {
  readonly order: 'little' | 'big';
  readonly #is64: boolean;

  constructor(order: 'little' | 'big', is64: boolean) {
    this.order = order;
    this.#is64 = is64;
  }

  u16(value: number): Buffer {
    return this.#bytes(BigInt(value), 2);
  }

  u32(value: number): Buffer {
    return this.#bytes(BigInt(value), 4);
  }

  /** 8 bytes in a 64-bit file, else 4. */
  word(value: number | bigint): Buffer {
    return this.#bytes(BigInt(value), this.#is64 ? 8 : 4);
  }

  #bytes(value: bigint, size: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    const cut = bytes.subarray(0, size);
    return this.order === 'little' ? cut : cut.reverse();
  }
}
