import test from 'ava';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isS390Image, parseS390Image } from '../../src/format/s390-image.ts';
import { testWithImage } from './architecture-image.ts';
import { assertRefusals } from './refusals.ts';
import { buildS390Image } from './s390-image-builder.ts';

const payload = Buffer.from('compressed kernel');
const versionString = '6.1.0-50-s390x (debian-kernel@lists.debian.org) #1 SMP';
const parse = (bytes: Buffer): ReturnType<typeof parseS390Image> =>
  parseS390Image(new MemorySource('vmlinuz', bytes));

test('parseS390Image tells the release, and where to look for the compressed kernel', (t) => {
  const image = buildS390Image({ payload, versionString });
  t.true(isS390Image(image.subarray(0, 4096)));
  const parsed = parse(image);
  t.is(parsed.versionString, versionString);
  t.is(parsed.release, '6.1.0-50-s390x');
  const { offset, size } = parsed.searched;
  t.true(image.subarray(offset, offset + size).includes(payload));
});

test('parseS390Image does without a version string, or with one outside the image', (t) => {
  const image = buildS390Image({ payload });
  t.is(parse(image).release, undefined);
  image.writeBigUInt64BE((1n << 64n) - 1n, 0x10428);
  t.is(parse(image).versionString, undefined);
});

test('parseS390Image names what is wrong', (t) => {
  const image = buildS390Image({ payload });
  const other = Buffer.from(image);
  other.write('x', 0x10008);
  assertRefusals(t, parse, [
    [Buffer.alloc(0), 'corrupt'],
    [Buffer.alloc(0x20000), 'corrupt'],
    [other, 'corrupt'],
    [image.subarray(0, 0x10000), 'truncated'],
  ]);
});

testWithImage('6.1-s390x')(`parseS390Image finds the release of Debian's kernel`, (t, { path, release }) => {
  t.is(parse(readFileSync(path)).release, release);
});
