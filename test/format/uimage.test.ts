import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isUImage, parseUImage } from '../../src/format/uimage.ts';
import { testWith } from '../requirements.ts';
import { assertRefusals } from './refusals.ts';
import { runTool, testFolder } from './run-tool.ts';
import { buildUImage, multiPayload } from './uimage-builder.ts';

const payload = Buffer.from('compressed kernel');
const parse = (bytes: Buffer): ReturnType<typeof parseUImage> =>
  parseUImage(new MemorySource('uImage', bytes));
const bytesOf = (image: Buffer, range: ByteRange | undefined): Buffer | undefined =>
  range && image.subarray(range.offset, range.offset + range.size);

test('parseUImage tells type, compression and name, and finds the kernel before what follows it', (t) => {
  const built = buildUImage({ payload, compression: 6, name: 'Linux-6.1.0' });
  const image = Buffer.concat([built, Buffer.from('rest of the partition')]);
  t.true(isUImage(image));
  const parsed = parse(image);
  t.is(parsed.type, 'kernel');
  t.is(parsed.compression, 'zstd');
  t.is(parsed.name, 'Linux-6.1.0');
  t.deepEqual(bytesOf(image, parsed.kernel), payload);
  t.deepEqual(parsed.parts, [parsed.payload]);
});

test('parseUImage names types and compressions that it does not know, and finds no kernel in them', (t) => {
  t.is(parse(buildUImage({ payload, type: 14 })).type, 'kernel_noload');
  const unknown = parse(buildUImage({ payload, type: 99, compression: 50 }));
  t.is(unknown.type, 'type 99');
  t.is(unknown.compression, 'compression 50');
  t.is(unknown.kernel, undefined);
  t.is(parse(buildUImage({ payload, type: 3 })).kernel, undefined);
});

test('parseUImage names what is wrong', (t) => {
  const image = buildUImage({ payload });
  const damaged = Buffer.from(image);
  damaged.write('x', 40);
  const multi = (bytes: Buffer): Buffer => buildUImage({ payload: bytes, type: 4 });
  assertRefusals(t, parse, [
    [damaged, 'corrupt'],
    [image.subarray(0, -1), 'truncated'],
    [image.subarray(0, 40), 'corrupt'],
    [buildUImage({ payload, size: 0 }), 'corrupt'],
    [buildUImage({ payload, size: 0xffffffff }), 'truncated'],
    [multi(Buffer.from('00000004', 'hex')), 'truncated'],
    [multi(Buffer.from('000000050000000061616161', 'hex')), 'truncated'],
    [multi(multiPayload(Array.from({ length: 300 }, () => Buffer.from('part')))), 'limit'],
  ]);
});

testWith(['tool:mkimage'])('parseUImage agrees with mkimage about an image that mkimage made', (t) => {
  const file = testFolder(t);
  writeFileSync(file('kernel'), payload);
  for (const [type, compression] of [
    ['kernel', 'lzma'],
    ['kernel_noload', 'none'],
    ['ramdisk', 'gzip'],
  ] as const) {
    const options = ['-A', 'arm', '-O', 'linux', '-T', type, '-C', compression, '-n', 'Linux-6.1.0-armmp'];
    runTool('mkimage', [...options, '-d', file('kernel'), file('uImage')]);
    const parsed = parse(readFileSync(file('uImage')));
    t.is(parsed.type, type);
    t.is(parsed.compression, compression);
    const listed = runTool('mkimage', ['-l', file('uImage')]);
    t.true(listed.includes(`Image Name:   ${parsed.name}\n`), listed);
    t.true(listed.includes(`Data Size:    ${parsed.payload.size} Bytes`), listed);
    t.is(parsed.kernel !== undefined, type !== 'ramdisk');
  }
});

testWith(['tool:mkimage', 'tool:dumpimage'])('parseUImage finds the parts that dumpimage takes out', (t) => {
  const file = testFolder(t);
  // No length is a multiple of four, so that each part is padded.
  const names = ['kernel', 'ramdisk', 'dtb'];
  names.forEach((name) => writeFileSync(file(name), `the ${name}`));
  const list = names.map((name) => file(name)).join(':');
  runTool('mkimage', ['-A', 'arm', '-O', 'linux', '-T', 'multi', '-C', 'gzip', '-d', list, file('multi')]);
  const image = readFileSync(file('multi'));
  const { type, parts, kernel } = parse(image);
  t.is(type, 'multi');
  t.is(parts.length, names.length);
  t.deepEqual(kernel, parts[0]);
  parts.forEach((part, index) => {
    runTool('dumpimage', ['-T', 'multi', '-p', String(index), '-o', file('out'), file('multi')]);
    t.deepEqual(bytesOf(image, part), readFileSync(file('out')));
  });
});
