import test from 'ava';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parseElf } from '../../src/format/elf.ts';
import { findHeaderSymbols } from '../../src/format/elf-header-archive.ts';
import { findHeaderMarkers, isHeaderArchiveStart, xzCandidates } from '../../src/format/ikheaders.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { buildElf } from './elf-builder.ts';
import { errorCode } from './error-code.ts';
import { checksum, corpusTruth, modulePaths } from './real-kernel.ts';

/** An xz stream header with a CRC64, as `xz` writes it. */
const xzHeader = Buffer.from('fd377a585a000004e6d6b446', 'hex');
const archive = Buffer.concat([xzHeader, Buffer.from('blocks')]);
const source = (...parts: (Buffer | string)[]): MemorySource =>
  new MemorySource('vmlinux', Buffer.concat(parts.map((part) => Buffer.from(part))));

test('findHeaderMarkers gives the bytes between IKHD_ST and IKHD_ED', (t) => {
  const kernel = source('IKHD_ST IKHD_ED', 'IKHD_ST', archive, 'IKHD_ED', 'more');
  const range = findHeaderMarkers(kernel);
  t.truthy(range);
  if (range) t.deepEqual(kernel.read(range.offset, range.size), archive);
  t.is(findHeaderMarkers(source('IKHD_ST', 'IKHD_ED')), undefined);
  t.is(
    errorCode(() => findHeaderMarkers(source('IKHD_ST', archive))),
    'truncated',
  );
});

function kheaders(start: bigint, end: bigint): MemorySource {
  const file = buildElf({
    sections: [
      { name: '.text', content: Buffer.from('abc') },
      { name: '.rodata', content: archive },
    ],
    symbols: [
      { name: 'kernel_headers_data_end', value: end, section: '.rodata' },
      { name: 'kernel_headers_data', value: start, section: '.rodata' },
    ],
  });
  return new MemorySource('kheaders.ko', file);
}

test('findHeaderSymbols gives the bytes between the symbols', (t) => {
  const module = kheaders(0n, BigInt(archive.length));
  const range = findHeaderSymbols(module, parseElf(module));
  t.truthy(range);
  if (range) t.deepEqual(module.read(range.offset, range.size), archive);
});

test('findHeaderSymbols refuses symbols that enclose nothing', (t) => {
  for (const [start, end] of [
    [0n, 0n],
    [4n, 2n],
    [0n, 1000n],
    [0n, 1n << 63n],
  ] as const) {
    const module = kheaders(start, end);
    t.is(
      errorCode(() => findHeaderSymbols(module, parseElf(module))),
      'corrupt',
    );
  }
});

test('findHeaderSymbols finds nothing where one symbol is missing', (t) => {
  const file = buildElf({
    sections: [{ name: '.rodata', content: archive }],
    symbols: [{ name: 'kernel_headers_data', value: 0n, section: '.rodata' }],
  });
  const module = new MemorySource('kheaders.ko', file);
  t.is(findHeaderSymbols(module, parseElf(module)), undefined);
});

test('xzCandidates yields stream headers with a right checksum only', (t) => {
  const broken = Buffer.from(xzHeader);
  broken.writeUInt8(1, 7);
  const reserved = Buffer.from(xzHeader);
  reserved.writeUInt8(0x14, 7);
  const kernel = source(
    'decoder',
    xzHeader.subarray(0, 6),
    broken,
    reserved,
    archive,
    'x',
    archive,
    xzHeader.subarray(0, 8),
  );
  const first = 7 + 6 + 12 + 12;
  t.deepEqual([...xzCandidates(kernel)], [first, first + archive.length + 1]);
});

test('xzCandidates finds a header that lies across two reads', (t) => {
  const image = Buffer.alloc(2 << 20);
  for (let shift = 0; shift <= xzHeader.length; shift += 1) {
    image.fill(0);
    xzHeader.copy(image, (1 << 20) - shift);
    t.deepEqual([...xzCandidates(new MemorySource('vmlinux', image))], [(1 << 20) - shift]);
  }
});

testWith(['tool:xz'])('xzCandidates takes the headers of every check that xz knows', (t) => {
  for (const check of ['none', 'crc32', 'crc64', 'sha256']) {
    const { stdout } = spawnSync('xz', ['-c', `--check=${check}`], { input: 'content' });
    t.deepEqual([...xzCandidates(new MemorySource('xz', stdout))], [0], check);
  }
});

testWith(['tool:tar'])('isHeaderArchiveStart takes an archive of `.`, not others', (t) => {
  const tar = (...args: string[]): Buffer =>
    spawnSync('tar', ['-c', '-f-', '--no-recursion', ...args]).stdout;
  t.true(isHeaderArchiveStart(tar('--format=gnu', '.')));
  t.true(isHeaderArchiveStart(tar('--format=ustar', './package.json')));
  t.false(isHeaderArchiveStart(tar('package.json')));
  const damaged = Buffer.from(tar('.'));
  damaged.writeUInt8(0x33, 100);
  t.false(isHeaderArchiveStart(damaged));
  t.false(isHeaderArchiveStart(tar('.').subarray(0, 511)));
  t.false(isHeaderArchiveStart(Buffer.alloc(512)));
});

testWith(['corpus', 'tool:xz'])('a real kheaders.ko: symbols and scan lead to the archive', (t) => {
  const path = modulePaths(corpusRoot()).find((each) => each.endsWith('/kheaders.ko'));
  const module = new MemorySource('kheaders.ko', readFileSync(path ?? ''));
  const range = findHeaderSymbols(module, parseElf(module));
  t.truthy(range);
  if (!range) return;
  const bytes = module.read(range.offset, range.size);
  t.deepEqual(checksum(bytes), corpusTruth()['kheaders.tar.xz']);
  t.deepEqual([...xzCandidates(module)], [range.offset]);
  const tar = spawnSync('xz', ['-dc'], { input: bytes, maxBuffer: 1 << 26 }).stdout;
  t.true(isHeaderArchiveStart(tar.subarray(0, 512)));
});
