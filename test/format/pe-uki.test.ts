import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parsePe } from '../../src/format/pe-sections.ts';
import { isUki, parseUki } from '../../src/format/pe-uki.ts';
import { testWith } from '../requirements.ts';
import { testWithImage } from './architecture-image.ts';
import { buildBzImage } from './bzimage-builder.ts';
import { errorCode } from './error-code.ts';
import { buildPe } from './pe-builder.ts';
import { assertRefusals } from './refusals.ts';
import { runTool, testFolder } from './run-tool.ts';

const kernel = buildBzImage({ payload: Buffer.from('compressed kernel') });
const sections = [
  { name: '.text', content: Buffer.from('stub') },
  { name: '.osrel', content: Buffer.from('ID=debian\n') },
  { name: '.uname', content: Buffer.from('6.12.117+deb12-amd64\n') },
  { name: '.cmdline', content: Buffer.from('quiet') },
  { name: '.linux', content: kernel },
];
const parse = (bytes: Buffer): ReturnType<typeof parseUki> => parseUki(new MemorySource('linux.efi', bytes));

test('parseUki finds the kernel without the padding of its section, and the release', (t) => {
  const image = buildPe(sections);
  t.true(isUki(image.subarray(0, 4096)));
  const parsed = parse(image);
  t.is(parsed.release, '6.12.117+deb12-amd64');
  const { offset, size } = parsed.kernel;
  t.deepEqual(image.subarray(offset, offset + size), kernel);
});

test('parseUki takes the first kernel, that of the base profile, and does without a release', (t) => {
  const profile = [
    { name: '.profile', content: Buffer.from('ID=other') },
    { name: '.linux', content: Buffer.from('other kernel') },
  ];
  const image = buildPe([...sections.filter(({ name }) => name !== '.uname'), ...profile]);
  const parsed = parse(image);
  t.is(parsed.release, undefined);
  t.is(parsed.kernel.size, kernel.length);
});

test('a section without VirtualSize, or with a larger one, is as long as its bytes in the file', (t) => {
  for (const virtualSize of [0, 1_000_000]) {
    const image = buildPe([{ name: '.linux', content: kernel, virtualSize }]);
    t.is(parse(image).kernel.size % 512, 0);
    t.true(parse(image).kernel.size >= kernel.length);
  }
});

test('a kernel that is an EFI program, and any other program, is no unified kernel image', (t) => {
  t.false(isUki(buildPe([{ name: '.text', content: kernel }])));
  t.false(isUki(kernel));
  t.false(isUki(Buffer.from('MZ')));
  t.is(
    errorCode(() => parse(buildPe([{ name: '.text', content: kernel }]))),
    'unsupported',
  );
});

test('parseUki names what is wrong', (t) => {
  const image = buildPe(sections);
  const many = Buffer.from(image);
  many.writeUInt16LE(0xffff, 0x86);
  assertRefusals(t, parse, [
    [image.subarray(0, -512), 'truncated'],
    [image.subarray(0, 0x180), 'truncated'],
    [image.subarray(0, 0x20), 'truncated'],
    [many, 'limit'],
    [buildPe([{ name: '.linux', content: Buffer.alloc(0) }]), 'corrupt'],
    [Buffer.from('MZ').fill('MZ'), 'truncated'],
    [Buffer.alloc(4096), 'corrupt'],
  ]);
});

testWith(['tool:objcopy', 'tool:objdump'])('parseUki finds what objcopy adds to an EFI program', (t) => {
  const file = testFolder(t);
  writeFileSync(file('kernel'), kernel);
  writeFileSync(file('uname'), '6.12.117');
  writeFileSync(file('stub'), buildPe([{ name: '.text', content: Buffer.alloc(512, 1) }]));
  runTool('objcopy', [
    ...['--add-section', `.uname=${file('uname')}`, '--change-section-vma', '.uname=0x20000'],
    ...['--add-section', `.linux=${file('kernel')}`, '--change-section-vma', '.linux=0x30000'],
    file('stub'),
    file('uki'),
  ]);
  const image = readFileSync(file('uki'));
  t.true(isUki(image.subarray(0, 4096)));
  const { kernel: found, release } = parse(image);
  t.is(release, '6.12.117');
  t.deepEqual(image.subarray(found.offset, found.offset + kernel.length), kernel);
  t.true(found.size - kernel.length < 512);
});

for (const kernel of ['6.1-i386', '6.1-arm64'] as const) {
  testWithImage(kernel, ['tool:objdump'])(
    `parsePe says of Debian's ${kernel} kernel what objdump says, and it is no unified image`,
    (t, { path }) => {
      const bytes = readFileSync(path);
      const { sections } = parsePe(new MemorySource(path, bytes));
      t.deepEqual(
        sections.map(({ name }) => name),
        sectionNames(path),
      );
      t.false(isUki(bytes.subarray(0, 4096)));
    },
  );
}

/** The names in objdump's list of sections: ` 0 .text  0000bff0 ...`. */
function sectionNames(path: string): string[] {
  const list = runTool('objdump', ['-h', path]);
  return [...list.matchAll(/^ +\d+ (\S+) +[0-9a-f]{8} /gm)].map((line) => line[1] ?? '');
}
