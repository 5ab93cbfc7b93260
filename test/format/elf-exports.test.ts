import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parseElf } from '../../src/format/elf.ts';
import { elfType, sectionType } from '../../src/format/elf.ts';
import type { ExportedSymbol } from '../../src/format/elf-exports.ts';
import { findLoadedExports } from '../../src/format/elf-loaded-exports.ts';
import { findModuleExports } from '../../src/format/elf-module-exports.ts';
import { findKernelExports } from '../../src/format/elf-vmlinux-exports.ts';
import type { KernelExports } from '../../src/format/elf-vmlinux-exports.ts';
import { buildElf } from './elf-builder.ts';
import type { SectionSpec } from './elf-builder.ts';
import { errorCode } from './error-code.ts';
import {
  exportContents,
  flatWithExports,
  kernelWithExports,
  moduleExports,
  moduleWithExports,
  someExports,
} from './exports-builder.ts';

function exportsOf(file: Buffer): KernelExports {
  const source = new MemorySource('vmlinux', file);
  return findKernelExports(source, parseElf(source));
}

function ofModule(file: Buffer): ExportedSymbol[] {
  return findModuleExports(new MemorySource('a.ko', file));
}

/** In the order of names, as tables and symbols have orders of their own. */
function sorted(
  found: readonly ExportedSymbol[] | KernelExports | undefined,
): readonly ExportedSymbol[] | string {
  if (found === undefined) return 'undefined';
  if ('missing' in found) return found.missing;
  return [...('symbols' in found ? found.symbols : found)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const symbols = someExports(40);
const withoutNamespaces = symbols.map((symbol) => ({ ...symbol, namespace: '' }));
const withoutCrcs = symbols.map((symbol) => ({ ...symbol, crc: 0 }));

for (const wide of [32, 64] as const) {
  for (const order of ['little', 'big'] as const) {
    const kind = { class: wide, order, symbols } as const;
    const title = `${wide} bit, ${order}-endian`;

    for (const isRelative of [true, false]) {
      test(`a kernel's exports are read from ${isRelative ? 'relative' : 'absolute'} entries, ${title}`, (t) => {
        t.deepEqual(sorted(exportsOf(kernelWithExports({ ...kind, isRelative }))), symbols);
        t.deepEqual(sorted(exportsOf(kernelWithExports({ ...kind, isRelative, fields: 'null' }))), symbols);
        const old = kernelWithExports({ ...kind, isRelative, fields: 2, crcs: 'distances' });
        t.deepEqual(sorted(exportsOf(old)), withoutNamespaces);
      });
    }

    test(`a kernel without CONFIG_MODVERSIONS has no checksums, ${title}`, (t) => {
      t.deepEqual(sorted(exportsOf(kernelWithExports({ ...kind, crcs: 'none' }))), withoutCrcs);
    });

    test(`with __kflagstab one table has all of a kernel's exports, ${title}`, (t) => {
      t.deepEqual(sorted(exportsOf(kernelWithExports({ ...kind, hasFlags: true }))), symbols);
      const other = kernelWithExports({ ...kind, hasFlags: true, crcs: 'none', isRelative: false });
      t.deepEqual(sorted(exportsOf(other)), withoutCrcs);
    });

    test(`a module's exports are read from its symbols, of kernels of all ages, ${title}`, (t) => {
      for (const crcs of ['words', 'values', 'data'] as const) {
        t.deepEqual(sorted(ofModule(moduleWithExports({ ...kind, crcs }))), symbols, crcs);
      }
      t.deepEqual(sorted(ofModule(moduleWithExports({ ...kind, crcs: 'none' }))), withoutCrcs);
      t.deepEqual(sorted(ofModule(moduleWithExports({ ...kind, hasNamespaces: false }))), withoutNamespaces);
      t.deepEqual(sorted(ofModule(moduleWithExports({ ...kind, hasFlags: true }))), symbols);
    });
  }
}

test('checksums of 8 bytes are read, as Linux before 4.10 has them', (t) => {
  const spec = { symbols, isRelative: false, fields: 2, crcs: 'longs' } as const;
  for (const order of ['little', 'big'] as const) {
    t.deepEqual(sorted(exportsOf(kernelWithExports({ ...spec, order }))), withoutNamespaces);
  }
});

test('names that the linker has made the ends of others are read', (t) => {
  const pair = [
    { name: 'kmalloc', namespace: '', crc: 1, type: 'EXPORT_SYMBOL' },
    { name: 'a_kmalloc', namespace: '', crc: 2, type: 'EXPORT_SYMBOL' },
  ] as const;
  const strings = exportContents({ symbols: pair }).at(-1)?.content as Buffer;
  t.is(strings.toString('latin1').split('kmalloc').length - 1, 1);
  t.deepEqual(sorted(exportsOf(kernelWithExports({ symbols: pair }))), [pair[1], pair[0]]);
});

test('a file that can not have exports says why it has none', (t) => {
  const missing = (file: Buffer): unknown => sorted(exportsOf(file));
  t.regex(String(missing(buildElf({ sections: [] }))), /not linked/);
  const none = buildElf({
    type: elfType.executable,
    sections: [{ name: '.text', content: Buffer.alloc(4) }],
  });
  t.regex(String(missing(none)), /CONFIG_MODULES is off/);
  const debug = exportContents({ symbols }).map(({ name, content }): SectionSpec => {
    return { name, type: sectionType.noBits, content: (content as Buffer).length };
  });
  t.regex(
    String(missing(buildElf({ type: elfType.executable, sections: debug }))),
    /debugging information only/,
  );
});

/** A kernel one of whose sections is another one. */
function changed(name: string, change: (content: Buffer) => Buffer): Buffer {
  const sections = exportContents({ symbols }).map((section): SectionSpec => {
    return section.name === name ? { ...section, content: change(section.content as Buffer) } : section;
  });
  return buildElf({ type: elfType.executable, sections });
}

test('tables that do not go together are refused, never guessed at', (t) => {
  const code = (file: Buffer): string => errorCode(() => exportsOf(file));
  t.is(code(changed('__ksymtab', (content) => content.subarray(0, -4))), 'unsupported');
  // As where addresses are put in when the kernel starts.
  t.is(code(changed('__ksymtab', (content) => Buffer.alloc(content.length))), 'unsupported');
  t.is(code(changed('__ksymtab_strings', (content) => content.subarray(0, -1))), 'unsupported');
  t.is(code(changed('__ksymtab_strings', (content) => Buffer.from(content).fill(0x0a, 3, 4))), 'unsupported');
  t.is(code(changed('__kcrctab_gpl', (content) => content.subarray(4))), 'corrupt');
  t.is(code(changed('__ksymtab', () => Buffer.alloc(4 * 1024 * 1024))), 'limit');
});

test('a module that exports nothing has no exports, whatever its symbols are called', (t) => {
  const sections = [{ name: '.data', content: Buffer.alloc(8) }];
  const names = [{ name: '__ksymtab_mine', value: 0n, section: '.data' }];
  t.deepEqual(ofModule(buildElf({ sections, symbols: names })), []);
  t.deepEqual(ofModule(buildElf({ sections: [...sections, { name: '__ksymtab_strings', content: 1 }] })), []);
});

test('a symbol that only looks like an export is none', (t) => {
  const { sections, symbols: own } = moduleExports({ symbols });
  const others = [
    { name: '__ksymtab_elsewhere', value: 0n, section: '__ksymtab_strings' },
    { name: '__ksymtab_imported', value: 0n, section: 0 },
    { name: '__k', value: 0n, section: 1 },
    { name: '__', value: 0n, section: 1 },
  ];
  t.deepEqual(sorted(ofModule(buildElf({ sections, symbols: [...others, ...own] }))), symbols);
});

test('a module whose symbols do not tell what it exports is refused', (t) => {
  const code = (file: Buffer): string => errorCode(() => ofModule(file));
  const { sections, symbols: own } = moduleExports({ symbols });
  const instead = (name: string, change: { readonly value?: bigint; readonly section?: number }): Buffer =>
    buildElf({ sections, symbols: own.map((each) => (each.name === name ? { ...each, ...change } : each)) });
  t.is(code(buildElf({ sections })), 'unsupported');
  t.is(code(instead('__crc_symbol_00003', { value: 1n << 30n })), 'truncated');
  t.is(code(instead('__crc_symbol_00003', { section: 77 })), 'corrupt');
  t.is(code(instead('__kstrtabns_symbol_00003', { value: 1n << 20n })), 'corrupt');
  t.is(code(instead('__kstrtabns_symbol_00003', { section: 0xfff1 })), 'corrupt');
});

const many = someExports(800);

for (const order of ['little', 'big'] as const) {
  const loaded = (file: Buffer): unknown => sorted(findLoadedExports(new MemorySource('Image', file), order));

  test(`a flat image's exports are found wherever they are, ${order}-endian`, (t) => {
    for (const before of [0, 4096, 5000, 1024 * 1024 - 40]) {
      t.deepEqual(loaded(flatWithExports({ symbols: many, order }, before)), many);
    }
    t.deepEqual(loaded(flatWithExports({ symbols: many, order, hasFlags: true })), many);
    t.deepEqual(loaded(flatWithExports({ symbols: many, order, crcs: 'distances' })), many);
    const plain = many.map((symbol) => ({ ...symbol, crc: 0 }));
    t.deepEqual(loaded(flatWithExports({ symbols: many, order, crcs: 'none' })), plain);
    t.deepEqual(loaded(flatWithExports({ symbols: many, order, crcs: 'none', hasFlags: true })), plain);
  });

  test(`nothing is made of a flat image whose tables do not go together, ${order}-endian`, (t) => {
    const contents = exportContents({ symbols: many, order }).map(({ content }) => content as Buffer);
    const [plain, gpl, crcs, gplCrcs, strings] = contents as [Buffer, Buffer, Buffer, Buffer, Buffer];
    const image = (...parts: Buffer[]): Buffer =>
      Buffer.concat([Buffer.alloc(4096), ...parts, Buffer.alloc(64)]);
    t.not(loaded(image(plain, gpl, crcs, gplCrcs, strings)), 'undefined');
    t.is(loaded(image(plain, gpl, crcs, gplCrcs)), 'undefined');
    t.is(loaded(image(gpl, plain, crcs, gplCrcs, strings)), 'undefined');
    t.is(loaded(image(plain, gpl, crcs, gplCrcs, Buffer.alloc(4), strings)), 'undefined');
    t.is(loaded(flatWithExports({ symbols: many, order, isRelative: false })), 'undefined');
    t.is(loaded(Buffer.alloc(0)), 'undefined');
  });
}
