/** The kind of ELF file to write: that of the kernel which the BTF describes. */
export interface ElfTarget {
  readonly class: 32 | 64;
  readonly order: 'little' | 'big';
  /** e_machine (elf(5)). */
  readonly machine: number;
}

/** What to put before and behind the BTF so that an ELF file comes out. */
export interface BtfElf {
  /** ELF header and padding; the BTF follows it. */
  readonly head: Buffer;
  /** Padding, names, symbols and section headers; follows the BTF. */
  readonly tail: Buffer;
}

/** Field widths of the two classes (elf(5)): file header, section header, symbol, address. */
const widths = {
  32: { header: 52, section: 40, symbol: 16, word: 4 },
  64: { header: 64, section: 64, symbol: 24, word: 8 },
} as const;

const progbits = 1;
const noteSection = 7;
const symtab = 2;
const strtab = 3;
const executable = 2;

/** Names of the sections in order; the first is the null section. */
const sectionNames = ['', '.BTF', '.note.gnu.build-id', '.symtab', '.strtab', '.shstrtab'] as const;

/**
 * Wraps BTF in the smallest ELF file that libbpf, cilium/ebpf and pahole take where they look for a vmlinux:
 * .BTF as PROGBITS, and a symbol table that holds the null symbol (cilium/ebpf refuses a file without one).
 * @param btfSize length of the BTF in bytes
 * @param note a note with the kernel's build id, or nothing
 */
export function btfElf(btfSize: number, target: ElfTarget, note: Buffer = Buffer.alloc(0)): BtfElf {
  const width = widths[target.class];
  const names = Buffer.from(`${sectionNames.join('\0')}\0`, 'latin1');
  const strings = Buffer.alloc(1);
  const symbols = Buffer.alloc(width.symbol);

  const btfAt = width.header;
  const noteAt = align(btfAt + btfSize, 8);
  const symbolsAt = align(noteAt + note.length, 8);
  const stringsAt = symbolsAt + symbols.length;
  const namesAt = stringsAt + strings.length;
  const tableAt = align(namesAt + names.length, 8);

  const head = new ElfFields(target, width.header);
  const machineBits = target.class === 64 ? 2 : 1;
  head.bytes(Buffer.from([0x7f, 0x45, 0x4c, 0x46, machineBits, target.order === 'little' ? 1 : 2, 1]), 16);
  head.half(executable).half(target.machine).long(1);
  head.word(0).word(0).word(tableAt);
  head.long(0).half(width.header).half(0).half(0).half(width.section);
  head.half(sectionNames.length).half(sectionNames.length - 1);

  const table = new ElfFields(target, sectionNames.length * width.section);
  const section = (name: (typeof sectionNames)[number], fields: Partial<SectionFields>): void => {
    const { type = 0, offset = 0, size = 0, link = 0, info = 0, alignment = 0, entrySize = 0 } = fields;
    table
      .long(names.indexOf(`${name}\0`))
      .long(type)
      .word(0)
      .word(0)
      .word(offset)
      .word(size);
    table.long(link).long(info).word(alignment).word(entrySize);
  };
  section('', {});
  section('.BTF', { type: progbits, offset: btfAt, size: btfSize, alignment: 1 });
  section('.note.gnu.build-id', { type: noteSection, offset: noteAt, size: note.length, alignment: 4 });
  section('.symtab', {
    type: symtab,
    offset: symbolsAt,
    size: symbols.length,
    link: sectionNames.indexOf('.strtab'),
    info: 1,
    alignment: 8,
    entrySize: width.symbol,
  });
  section('.strtab', { type: strtab, offset: stringsAt, size: strings.length, alignment: 1 });
  section('.shstrtab', { type: strtab, offset: namesAt, size: names.length, alignment: 1 });

  const tail = Buffer.alloc(tableAt - (btfAt + btfSize) + table.buffer.length);
  note.copy(tail, noteAt - (btfAt + btfSize));
  names.copy(tail, namesAt - (btfAt + btfSize));
  table.buffer.copy(tail, tableAt - (btfAt + btfSize));
  return { head: head.buffer, tail };
}

interface SectionFields {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** Writes fields one after the other in the class and byte order of an ELF file. */
class ElfFields {
  readonly buffer: Buffer;
  readonly #target: ElfTarget;
  #at = 0;

  constructor(target: ElfTarget, size: number) {
    this.#target = target;
    this.buffer = Buffer.alloc(size);
  }

  /** @param width bytes to advance; what the given ones leave is zero */
  bytes(bytes: Buffer, width: number): this {
    bytes.copy(this.buffer, this.#at);
    this.#at += width;
    return this;
  }

  half(value: number): this {
    if (this.#target.order === 'little') this.buffer.writeUInt16LE(value, this.#at);
    else this.buffer.writeUInt16BE(value, this.#at);
    this.#at += 2;
    return this;
  }

  long(value: number): this {
    if (this.#target.order === 'little') this.buffer.writeUInt32LE(value, this.#at);
    else this.buffer.writeUInt32BE(value, this.#at);
    this.#at += 4;
    return this;
  }

  /** A field as wide as an address of the class. */
  word(value: number): this {
    if (this.#target.class === 32) return this.long(value);
    if (this.#target.order === 'little') this.buffer.writeBigUInt64LE(BigInt(value), this.#at);
    else this.buffer.writeBigUInt64BE(BigInt(value), this.#at);
    this.#at += 8;
    return this;
  }
}

function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}
