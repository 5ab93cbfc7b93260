import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import {
  elfEnd,
  elfType,
  findSection,
  isElf,
  parseElf,
  sectionFlag,
  sectionNamed,
  sectionSource,
  sectionType,
} from '../../src/format/elf.ts';
import { CountingSource } from './counting-source.ts';
import { buildElf } from './elf-builder.ts';
import type { ElfSpec } from './elf-builder.ts';
import { errorCode } from './error-code.ts';

const source = (bytes: Buffer): MemorySource => new MemorySource('file.elf', bytes);

const module: ElfSpec = {
  sections: [
    { name: '.text', content: Buffer.from('code'), flags: sectionFlag.allocated, alignment: 16 },
    { name: '.bss', type: sectionType.noBits, content: 1 << 30 },
    { name: '.BTF', content: Buffer.from('types') },
  ],
};

for (const wide of [32, 64] as const) {
  for (const order of ['little', 'big'] as const) {
    test(`parseElf reads ${wide} bit, ${order}-endian`, (t) => {
      const bytes = source(buildElf({ ...module, class: wide, order, machine: 8, type: elfType.executable }));
      const elf = parseElf(bytes);
      t.is(elf.class, wide);
      t.is(elf.order, order);
      t.is(elf.type, elfType.executable);
      t.is(elf.machineName, 'mips');
      t.deepEqual(
        elf.sections.map((section) => section.name),
        ['', '.text', '.bss', '.BTF', '.shstrtab'],
      );
      const btf = sectionNamed(elf, '.BTF');
      t.truthy(btf);
      if (btf) t.is(sectionSource(bytes, btf).read(0, 5).toString(), 'types');
      t.deepEqual(findSection(bytes, '.BTF')?.section, btf);
    });
  }
}

test('parseElf keeps addresses of the upper half exactly', (t) => {
  const address = 0xffffffff81000001n;
  const elf = parseElf(
    source(buildElf({ sections: [{ name: '.text', content: Buffer.alloc(4), address }] })),
  );
  t.is(sectionNamed(elf, '.text')?.address, address);
});

test('parseElf reads a module with three reads, findSection too', (t) => {
  const bytes = buildElf(module);
  const counting = new CountingSource('a.ko', bytes);
  parseElf(counting);
  t.is(counting.reads, 3);
  findSection(counting, '.BTF');
  t.is(counting.reads, 6);
});

test('findSection takes no name that only begins or ends alike', (t) => {
  const bytes = source(
    buildElf({
      sections: [
        { name: '.BTF_ids', content: Buffer.from('a') },
        { name: '.x.BTF', content: Buffer.from('b') },
      ],
    }),
  );
  t.is(findSection(bytes, '.BTF'), undefined);
  t.is(findSection(bytes, ''), undefined);
});

test('parseElf follows extended section numbering', (t) => {
  const elf = parseElf(source(buildElf({ ...module, extendedNumbering: true })));
  t.is(elf.sections.length, 5);
  t.is(sectionNamed(elf, '.BTF')?.size, 5);
});

test('sectionSource gives no bytes of a section that only takes memory', (t) => {
  const bytes = source(buildElf(module));
  const bss = sectionNamed(parseElf(bytes), '.bss');
  t.is(bss?.size, 1 << 30);
  if (bss) t.is(sectionSource(bytes, bss).size, 0);
});

test('sectionSource refuses compressed sections and those outside the file', (t) => {
  const compressed = source(
    buildElf({ sections: [{ name: '.BTF', content: Buffer.from('x'), flags: sectionFlag.compressed }] }),
  );
  const [, section] = parseElf(compressed).sections;
  t.truthy(section);
  if (!section) return;
  t.is(
    errorCode(() => sectionSource(compressed, section)),
    'unsupported',
  );
  t.is(
    errorCode(() => sectionSource(compressed, { ...section, flags: 0, size: 1 << 20 })),
    'truncated',
  );
});

test('parseElf lists a section whose name is missing or has no end', (t) => {
  const bytes = buildElf(module);
  const table = Number(bytes.readBigUInt64LE(0x28));
  bytes.writeUInt32LE(0, table + 64);
  bytes.writeUInt32LE(0x7fffffff, table + 3 * 64);
  // The last string of .shstrtab is its own name: without its NUL it has no end.
  const names = parseElf(source(bytes)).sections[4];
  if (names) bytes[names.offset + names.size - 1] = 0x41;
  t.deepEqual(
    parseElf(source(bytes)).sections.map((section) => section.name),
    ['', '', '.bss', '', ''],
  );
});

test('parseElf reads a file without section names, and one without sections', (t) => {
  const unnamed = buildElf(module);
  unnamed.writeUInt16LE(0, 0x3e);
  t.is(parseElf(source(unnamed)).sections.length, 5);
  const bare = buildElf(module);
  bare.writeBigUInt64LE(0n, 0x28);
  t.deepEqual(parseElf(source(bare)).sections, []);
});

test('parseElf names what is wrong', (t) => {
  const broken = (change: (bytes: Buffer) => void): string => {
    const bytes = buildElf(module);
    change(bytes);
    return errorCode(() => parseElf(source(bytes)));
  };
  t.is(
    errorCode(() => parseElf(source(Buffer.from('#!/bin/sh\n')))),
    'corrupt',
  );
  t.is(
    errorCode(() => parseElf(source(buildElf(module).subarray(0, 40)))),
    'truncated',
  );
  t.is(
    errorCode(() => parseElf(source(buildElf(module).subarray(0, -1)))),
    'truncated',
  );
  t.is(
    broken((bytes) => bytes.writeUInt8(3, 4)),
    'corrupt',
  );
  t.is(
    broken((bytes) => bytes.writeUInt8(0, 5)),
    'corrupt',
  );
  t.is(
    broken((bytes) => bytes.writeUInt16LE(63, 0x3a)),
    'corrupt',
  );
  t.is(
    broken((bytes) => bytes.writeUInt16LE(9, 0x3e)),
    'corrupt',
  );
  t.is(
    broken((bytes) => bytes.writeBigUInt64LE(1n << 40n, 0x28)),
    'truncated',
  );
  t.is(
    broken((bytes) => bytes.writeBigUInt64LE(1n << 60n, 0x28)),
    'corrupt',
  );
  const names = sectionNamed(parseElf(source(buildElf(module))), '.shstrtab');
  const header = Number(buildElf(module).readBigUInt64LE(0x28)) + (names?.index ?? 0) * 64;
  t.is(
    broken((bytes) => bytes.writeBigUInt64LE(1n << 30n, header + 24)),
    'truncated',
  );
  t.is(
    broken((bytes) => bytes.writeBigUInt64LE(1n << 40n, header + 32)),
    'limit',
  );
});

test('parseElf refuses a hostile number of sections', (t) => {
  const bytes = buildElf({ ...module, extendedNumbering: true });
  bytes.writeBigUInt64LE(1n << 30n, Number(bytes.readBigUInt64LE(0x28)) + 32);
  t.is(
    errorCode(() => parseElf(source(bytes))),
    'limit',
  );
});

test('elfEnd leaves out what was appended', (t) => {
  for (const wide of [32, 64] as const) {
    const file = buildElf({ ...module, class: wide });
    const elf = parseElf(source(Buffer.concat([file, Buffer.from('relocations')])));
    t.is(elfEnd(elf), file.length);
    const long = buildElf({ ...module, class: wide, segments: [{ type: 1, offset: 0, size: 9000 }] });
    t.is(elfEnd(parseElf(source(long))), 9000);
  }
});

test('isElf looks at the magic only', (t) => {
  t.true(isElf(Buffer.from('\x7fELF', 'latin1')));
  t.false(isElf(Buffer.from('\x7fEL', 'latin1')));
  t.false(isElf(Buffer.from('MZ\0\0')));
});
