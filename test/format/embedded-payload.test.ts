import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import type { CodecName } from '../../src/codec/codec.ts';
import { codecs } from '../../src/codec/table.ts';
import { IkfsError } from '../../src/errors.ts';
import { parseArmZImage } from '../../src/format/arm-zimage.ts';
import { parseElf } from '../../src/format/elf.ts';
import { payloadSection, streamCandidates } from '../../src/format/embedded-payload.ts';
import type { StreamCandidate } from '../../src/format/embedded-payload.ts';
import { parseS390Image } from '../../src/format/s390-image.ts';
import { onePackingEach, pack, run, unpack } from '../codec/samples.ts';
import { Random } from '../random.ts';
import { testWith } from '../requirements.ts';
import { testWithImage } from './architecture-image.ts';
import { buildElf } from './elf-builder.ts';

const candidatesIn = (bytes: Buffer, limit = 8): StreamCandidate<CodecName>[] =>
  streamCandidates(new MemorySource('image', bytes), { offset: 0, size: bytes.length }, codecs, limit);

for (const packing of onePackingEach) {
  testWith([`tool:${packing.tool}`])(
    `of the candidates that streamCandidates finds, the first to decode is the ${packing.codec} stream`,
    async (t) => {
      const random = new Random(1);
      // A program that undoes a compression has its magic among its constants.
      const magics = codecs.map(({ magic }) => magic);
      const code = Buffer.concat([random.bytes(5000), ...magics, random.bytes(333)]);
      const kernel = random.bytes(20_000);
      const image = Buffer.concat([code, pack(packing, kernel), random.bytes(100)]);
      for (const [tried, { name, offset }] of candidatesIn(image).entries()) {
        try {
          t.deepEqual((await unpack(name, image.subarray(offset))).bytes, kernel);
          t.is(offset, code.length);
          t.true(tried <= 2, `${tried} candidates are tried in vain`);
          return;
        } catch (error) {
          if (!(error instanceof IkfsError)) throw error;
        }
      }
      t.fail('no candidate decodes');
    },
  );
}

test('streamCandidates gives the earliest of one kind first, keeps to its range and to the limit', (t) => {
  const stream = Buffer.from('fd377a585a000004e6d6b446', 'hex');
  const image = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([stream, Buffer.alloc(88)])));
  t.deepEqual(candidatesIn(image, 3), [
    { name: 'xz', offset: 0 },
    { name: 'xz', offset: 100 },
    { name: 'xz', offset: 200 },
  ]);
  const range = { offset: 50, size: 161 };
  t.deepEqual(
    streamCandidates(new MemorySource('image', image), range, codecs, 3).map(({ offset }) => offset),
    [100],
    'the header at 200 goes beyond the range',
  );
});

const payload = Buffer.from('compressed kernel');

test('payloadSection knows the sections of wrappers, and no kernel for one', (t) => {
  const sectionOf = (machine: number, ...names: string[]): string | undefined =>
    payloadSection(
      parseElf(
        new MemorySource(
          'vmlinuz',
          buildElf({ machine, sections: names.map((name) => ({ name, content: payload })) }),
        ),
      ),
    )?.name;
  t.is(sectionOf(21, '.text', '.data', '.kernel:vmlinux.strip', '.kernel:initrd'), '.kernel:vmlinux.strip');
  t.is(sectionOf(15, '.text', '.rodata.compressed'), '.rodata.compressed');
  t.is(sectionOf(8, '.text', '.data', '.bss'), '.data');
  t.is(sectionOf(8, '.text', '.data', '.init.text'), undefined);
  t.is(sectionOf(62, '.text', '.data'), undefined);
  t.is(sectionOf(21, '.text', '.rodata', '.init.text'), undefined);
});

/** Decodes the first candidate with xz(1), which decoded kernels say who they are. */
function bannerOf(t: ExecutionContext, source: ByteSource, candidates: readonly StreamCandidate[]): string {
  const [first] = candidates;
  t.is(first?.name, 'xz');
  if (!first) return '';
  const stream = source.read(first.offset, source.size - first.offset);
  const kernel = run('xz', ['-dc', '--single-stream'], stream);
  const at = kernel.indexOf('Linux version ');
  return kernel.toString('latin1', at, at + 100);
}

for (const kernel of ['6.1-armmp', '6.1-marvell'] as const) {
  testWithImage(kernel, ['tool:xz'])(
    `the first candidate in Debian's ${kernel} zImage is its kernel`,
    (t, { path, release }) => {
      const source = new MemorySource(path, readFileSync(path));
      const candidates = streamCandidates(source, parseArmZImage(source).searched, codecs, 8);
      t.true(bannerOf(t, source, candidates).startsWith(`Linux version ${release} (`));
    },
  );
}

testWithImage('6.1-s390x', ['tool:xz'])(
  `the first candidate in Debian's s390x image is its kernel`,
  (t, { path, release }) => {
    const source = new MemorySource(path, readFileSync(path));
    const candidates = streamCandidates(source, parseS390Image(source).searched, codecs, 8);
    t.true(bannerOf(t, source, candidates).startsWith(`Linux version ${release} (`));
  },
);

testWithImage('6.1-mips64el', ['tool:xz'])(
  `the first candidate in .data of Debian's MIPS vmlinuz is its kernel`,
  (t, { path, release }) => {
    const source = new MemorySource(path, readFileSync(path));
    const section = payloadSection(parseElf(source));
    t.is(section?.name, '.data');
    if (!section) return;
    t.true(
      bannerOf(t, source, streamCandidates(source, section, codecs, 8)).startsWith(
        `Linux version ${release} (`,
      ),
    );
  },
);

testWithImage('6.1-ppc64el')(`Debian's ppc64 kernel is no wrapper`, (t, { path }) => {
  const source = new MemorySource(path, readFileSync(path));
  t.is(payloadSection(parseElf(source)), undefined);
});
