import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { elfEnd, parseElf } from '../../src/format/elf.ts';
import type { ElfSection } from '../../src/format/elf.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { corpusKernel, firstImage, modulePaths } from './real-kernel.ts';
import { parseBzImage } from '../../src/format/bzimage.ts';

/** Sections as `readelf -SW` prints them: `[ 1] .text PROGBITS 0000000000000000 000040 000024 00 AX 0 0 16`. */
function readelfSections(path: string): unknown[] {
  const { stdout } = spawnSync('readelf', ['-SW', path], { encoding: 'utf8' });
  const row =
    /^ +\[ *(\d+)\] (\S*) +[A-Z0-9_]+ +([0-9a-f]{8,16}) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{2,}) +[A-Za-z]* +(\d+) +(\d+) +(\d+)$/gm;
  return [...stdout.matchAll(row)].map(
    ([, index, name, address, offset, size, entrySize, link, info, alignment]) => ({
      index: Number(index),
      name,
      address: BigInt(`0x${address}`),
      offset: Number(`0x${offset}`),
      size: Number(`0x${size}`),
      entrySize: Number(`0x${entrySize}`),
      link: Number(link),
      info: Number(info),
      alignment: Number(alignment),
    }),
  );
}

const printed = ({ type: _type, flags: _flags, ...section }: ElfSection): unknown => section;

testWith(['corpus', 'debian', 'tool:readelf'])('parseElf sees the sections that readelf sees', (t) => {
  const every = (count: number, paths: string[]): string[] =>
    paths.filter((_, index) => index % Math.ceil(paths.length / count) === 0);
  const paths = [...every(20, modulePaths(corpusRoot())), ...every(20, modulePaths(debianRoot('6.1')))];
  for (const path of paths) {
    const elf = parseElf(new MemorySource(path, readFileSync(path)));
    const expected = readelfSections(path);
    t.true(expected.length > 10, path);
    t.deepEqual(elf.sections.slice(1).map(printed), expected.slice(-(elf.sections.length - 1)), path);
  }
});

testWith(['corpus'])('a decompressed kernel is an ELF file with relocations behind it', (t) => {
  const kernel = corpusKernel();
  const elf = parseElf(kernel);
  t.is(elf.machineName, 'x86-64');
  t.true(elf.segments.length > 0);
  const end = elfEnd(elf);
  t.true(end < kernel.size);
  // arch/x86/tools/relocs.c writes 32-bit words, a 0 before each group.
  t.is(kernel.read(end, 4).readUInt32LE(0), 0);
});

testWith(['debian', 'tool:xz'])("parseElf reads Debian's kernel from an xz payload", (t) => {
  const { bytes } = firstImage(debianRoot('6.1'));
  const { offset, size } = parseBzImage(new MemorySource('vmlinuz', bytes)).payload;
  const { stdout } = spawnSync('xz', ['-dc', '--single-stream'], {
    input: bytes.subarray(offset, offset + size),
    maxBuffer: 1 << 28,
  });
  t.is(stdout.length, bytes.readUInt32LE(offset + size - 4));
  const elf = parseElf(new MemorySource('vmlinux', stdout));
  t.is(elf.sections.filter((section) => section.name === '.BTF').length, 1);
});
