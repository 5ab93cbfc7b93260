import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { elfType, parseElf, sectionFlag, sectionType } from '../../src/format/elf.ts';
import { findSymbols, symbolFileOffset } from '../../src/format/elf-symbols.ts';
import { buildElf } from './elf-builder.ts';
import type { ElfSpec } from './elf-builder.ts';

const textAddress = 0xffffffff81000000n;

/** A small kernel: .text and .rodata at kernel addresses, .bss behind. */
const kernel: ElfSpec = {
  type: elfType.executable,
  sections: [
    { name: '.text', content: Buffer.alloc(64), address: textAddress, flags: sectionFlag.allocated },
    {
      name: '.rodata',
      content: Buffer.from('0123456789'),
      address: textAddress + 4096n,
      flags: sectionFlag.allocated,
    },
    {
      name: '.bss',
      type: sectionType.noBits,
      content: 4096,
      address: textAddress + 8192n,
      flags: sectionFlag.allocated,
    },
  ],
  symbols: [
    { name: 'data', value: 0n, section: 0 },
    { name: 'more_data', value: textAddress, section: '.text' },
    { name: 'data', value: textAddress + 4098n, size: 3n, section: '.rodata' },
    { name: 'absolute', value: textAddress + 4100n, section: 0xfff1 },
    { name: 'nowhere', value: 1n, section: 0xfff1 },
    { name: 'end', value: textAddress + 4106n, section: '.rodata' },
    { name: 'zeroed', value: textAddress + 8192n, section: '.bss' },
    { name: 'outside', value: textAddress + 9000n, section: '.rodata' },
  ],
};

test('findSymbols gives the definition, not the reference nor a longer name', (t) => {
  const source = new MemorySource('vmlinux', buildElf(kernel));
  const elf = parseElf(source);
  const symbols = findSymbols(source, elf, ['data', 'absent']);
  t.deepEqual([...symbols.keys()], ['data']);
  t.like(symbols.get('data'), { value: textAddress + 4098n, size: 3n, sectionIndex: 2 });
});

test('symbolFileOffset follows addresses in a linked file', (t) => {
  const source = new MemorySource('vmlinux', buildElf(kernel));
  const elf = parseElf(source);
  const names = ['data', 'absolute', 'nowhere', 'end', 'zeroed', 'outside'];
  const symbols = findSymbols(source, elf, names);
  const offset = (name: string): number => {
    const symbol = symbols.get(name);
    if (!symbol) throw new Error(`no symbol ${name}`);
    return symbolFileOffset(elf, symbol);
  };
  const rodata = elf.sections[2]?.offset ?? 0;
  t.is(offset('data'), rodata + 2);
  t.is(offset('absolute'), rodata + 4);
  t.is(offset('end'), rodata + 10);
  t.throws(() => offset('nowhere'), { message: /no section/ });
  t.throws(() => offset('zeroed'), { message: /no section with content/ });
  t.throws(() => offset('outside'), { message: /outside section .rodata/ });
});

for (const wide of [32, 64] as const) {
  for (const order of ['little', 'big'] as const) {
    test(`findSymbols reads a relocatable file, ${wide} bit, ${order}-endian`, (t) => {
      const file = buildElf({
        class: wide,
        order,
        sections: [{ name: '.rodata', content: Buffer.from('xxhere') }],
        symbols: [{ name: 'start', value: 2n, size: 4n, section: '.rodata' }],
        symbolTable: 11,
      });
      const source = new MemorySource('a.ko', file);
      const elf = parseElf(source);
      const start = findSymbols(source, elf, ['start']).get('start');
      t.like(start, { value: 2n, size: 4n, sectionIndex: 1 });
      if (start) t.is(file.toString('latin1', symbolFileOffset(elf, start)).slice(0, 4), 'here');
    });
  }
}

test('findSymbols finds nothing in a stripped file', (t) => {
  const source = new MemorySource('a.ko', buildElf({ sections: kernel.sections }));
  t.is(findSymbols(source, parseElf(source), ['data']).size, 0);
});

test('findSymbols refuses tables that cannot be', (t) => {
  const source = new MemorySource('vmlinux', buildElf(kernel));
  const elf = parseElf(source);
  const changed = (change: object): typeof elf => ({
    ...elf,
    sections: elf.sections.map((section) =>
      section.name === '.symtab' ? { ...section, ...change } : section,
    ),
  });
  t.throws(() => findSymbols(source, changed({ entrySize: 0 }), ['data']), { message: /0 bytes long/ });
  t.throws(() => findSymbols(source, changed({ link: 77 }), ['data']), { message: /section 77/ });
  t.throws(() => findSymbols(source, changed({ size: 1 << 20 }), ['data']), { message: /the file only/ });
});

test('findSymbols finds the last of many symbols', (t) => {
  const count = 70_000;
  const strings = Buffer.from('\0other\0wanted\0');
  const table = Buffer.alloc((count + 1) * 24);
  for (let index = 1; index <= count; index += 1) {
    table.writeUInt32LE(index === count ? 7 : 1, index * 24);
    table.writeUInt16LE(1, index * 24 + 6);
    table.writeBigUInt64LE(BigInt(index), index * 24 + 8);
  }
  const file = buildElf({
    sections: [
      { name: '.text', content: Buffer.alloc(count + 1) },
      { name: '.strtab', type: 3, content: strings },
      { name: '.symtab', type: 2, content: table, link: 2, entrySize: 24 },
    ],
  });
  const source = new MemorySource('vmlinux', file);
  t.is(findSymbols(source, parseElf(source), ['wanted']).get('wanted')?.value, BigInt(count));
});
