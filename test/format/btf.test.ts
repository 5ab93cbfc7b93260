import test from 'ava';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { findBtf, parseBtfHeader } from '../../src/format/btf.ts';
import { findSection, parseElf, sectionNamed, sectionSource } from '../../src/format/elf.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { buildBtf } from './btf-builder.ts';
import type { BtfSpec } from './btf-builder.ts';
import { errorCode } from './error-code.ts';
import { checksum, corpusKernel, corpusTruth, modulePaths } from './real-kernel.ts';

const source = (...parts: (Buffer | string)[]): MemorySource =>
  new MemorySource('btf', Buffer.concat(parts.map((part) => Buffer.from(part))));

for (const order of ['little', 'big'] as const) {
  test(`parseBtfHeader describes a base, ${order}-endian`, (t) => {
    t.deepEqual(parseBtfHeader(source('pad', buildBtf({ order }), 'behind'), 3), {
      order,
      headerSize: 24,
      types: { offset: 27, size: 16 },
      strings: { offset: 43, size: 5 },
      layout: undefined,
      size: 45,
      isBase: true,
    });
  });
}

test('parseBtfHeader tells split BTF from a base', (t) => {
  t.false(parseBtfHeader(source(buildBtf({ strings: 'name\0' }))).isBase);
  t.false(parseBtfHeader(source(buildBtf({ strings: '' }))).isBase);
});

test('parseBtfHeader takes the layout section of newer headers in', (t) => {
  const header = parseBtfHeader(source(buildBtf({ layout: Buffer.alloc(8) })));
  t.is(header.headerSize, 32);
  t.deepEqual(header.layout, { offset: 48, size: 8 });
  t.is(header.size, 32 + 16 + 8 + 5);
});

test('parseBtfHeader names what is wrong', (t) => {
  const code = (spec: BtfSpec): string => errorCode(() => parseBtfHeader(source(buildBtf(spec))));
  t.is(code({ version: 2 }), 'unsupported');
  t.is(code({ flags: 1 }), 'unsupported');
  t.is(code({ headerSize: 20 }), 'corrupt');
  t.is(code({ headerSize: 0x7fffffff }), 'truncated');
  t.is(code({ typeOffset: 2 }), 'corrupt');
  t.is(code({ typeOffset: 4 }), 'corrupt');
  t.is(code({ stringOffset: 12 }), 'corrupt');
  t.is(code({ stringSize: 6 }), 'truncated');
  t.is(code({ stringOffset: 0xffffffff }), 'truncated');
  t.is(code({ strings: '\0int' }), 'corrupt');
  const bytes = buildBtf();
  t.is(
    errorCode(() => parseBtfHeader(source('ELF'))),
    'corrupt',
  );
  t.is(
    errorCode(() => parseBtfHeader(source(''))),
    'truncated',
  );
  t.is(
    errorCode(() => parseBtfHeader(source(bytes), bytes.length + 1)),
    'truncated',
  );
  for (let size = 0; size < bytes.length; size += 1) {
    t.is(
      errorCode(() => parseBtfHeader(source(bytes.subarray(0, size)))),
      'truncated',
    );
  }
});

test('findBtf picks the largest base of either byte order, whatever looks alike', (t) => {
  const small = buildBtf();
  const large = buildBtf({ order: 'big', strings: '\0int\0unused\0' });
  const split = buildBtf({ strings: 'a name that makes it larger\0' });
  const gap = buildBtf({ typeOffset: 4, stringOffset: 24, strings: '\0a long name behind\0' });
  const image = source('x', small.subarray(0, 4), small, split, gap, large, small.subarray(0, 30));
  t.deepEqual(findBtf(image), {
    offset: 1 + 4 + small.length + split.length + gap.length,
    size: large.length,
    order: 'big',
  });
  t.is(findBtf(source(split, gap)), undefined);
  t.is(findBtf(source('')), undefined);
});

test('findBtf takes a layout between types and strings', (t) => {
  const blob = buildBtf({ layout: Buffer.alloc(8) });
  t.like(findBtf(source('some', blob)), { offset: 4, size: blob.length });
});

test('findBtf gives up on an image made of magics', (t) => {
  const image = Buffer.alloc(1 << 20, Buffer.from('9feb0100', 'hex'));
  t.is(
    errorCode(() => findBtf(source(image))),
    'limit',
  );
});

testWith(['corpus'])('findBtf finds in a flat image what the .BTF section has', (t) => {
  const kernel = corpusKernel();
  const section = sectionNamed(parseElf(kernel), '.BTF');
  const found = findBtf(kernel);
  t.truthy(found);
  t.like(found, { offset: section?.offset, size: section?.size, order: 'little' });
  if (found) t.deepEqual(checksum(kernel.read(found.offset, found.size)), corpusTruth()['btf/vmlinux']);
});

testWith(['corpus'])('the .BTF section of every module is what objcopy took out', (t) => {
  const truth = corpusTruth();
  const paths = modulePaths(corpusRoot());
  t.is(paths.length, Object.keys(truth).filter((name) => name.startsWith('btf/')).length - 1);
  for (const path of paths) {
    const module = new MemorySource(path, readFileSync(path));
    const found = findSection(module, '.BTF');
    if (!found) return t.fail(path);
    const bytes = sectionSource(module, found.section);
    t.deepEqual(checksum(bytes.read(0, bytes.size)), truth[`btf/${basename(path, '.ko')}`]);
    const header = parseBtfHeader(bytes);
    t.is(header.size, bytes.size);
    t.false(header.isBase);
  }
});
