import test from 'ava';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isArmZImage, parseArmZImage } from '../../src/format/arm-zimage.ts';
import { testWithImage } from './architecture-image.ts';
import { buildArmZImage } from './arm-zimage-builder.ts';
import { assertRefusals } from './refusals.ts';
import { runTool } from './run-tool.ts';

const payload = Buffer.from('compressed kernel\x00\x10\x00\x00', 'latin1');
const parse = (bytes: Buffer): ReturnType<typeof parseArmZImage> =>
  parseArmZImage(new MemorySource('zImage', bytes));
const searchedIn = (image: Buffer): Buffer => {
  const { offset, size } = parse(image).searched;
  return image.subarray(offset, offset + size);
};

test('parseArmZImage tells where the compressed kernel ends, and how large it will be', (t) => {
  for (const start of [0, 0x60008000]) {
    const image = buildArmZImage({ payload, start });
    t.true(isArmZImage(image));
    const parsed = parse(image);
    t.is(parsed.order, 'little');
    t.is(parsed.decodedSize, 0x1000);
    t.is(parsed.appended, undefined);
    t.deepEqual(searchedIn(image).subarray(-payload.length), payload);
  }
});

test('parseArmZImage knows both kinds of big-endian images', (t) => {
  for (const instructions of ['little', 'big'] as const) {
    const image = buildArmZImage({ payload, order: 'big', instructions });
    t.true(isArmZImage(image));
    t.is(parse(image).order, 'big');
    t.is(parse(image).decodedSize, 0x1000);
  }
  t.is(parse(buildArmZImage({ payload, instructions: 'big', extended: false })).order, 'big');
});

test('parseArmZImage has all of an old image searched', (t) => {
  const image = buildArmZImage({ payload, extended: false });
  const parsed = parse(image);
  t.is(parsed.decodedSize, undefined);
  t.is(parsed.order, 'little');
  t.true(searchedIn(image).includes(payload));
});

test('parseArmZImage finds the device tree that is appended', (t) => {
  const tree = Buffer.from('d00dfeed', 'hex');
  const image = Buffer.concat([buildArmZImage({ payload }), tree]);
  const { appended, searched } = parse(image);
  t.deepEqual(appended && image.subarray(appended.offset, appended.offset + appended.size), tree);
  t.true(searched.offset + searched.size <= image.length - tree.length);
});

test('parseArmZImage names what is wrong', (t) => {
  const image = buildArmZImage({ payload });
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(image);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };
  assertRefusals(t, parse, [
    [image.subarray(0, -1), 'truncated'],
    [image.subarray(0, 0x30), 'truncated'],
    [image.subarray(0, 0x20), 'corrupt'],
    [changed(0x2c, 0), 'corrupt'],
    [changed(0x114, image.length), 'corrupt'],
    [changed(0x114, 0), 'corrupt'],
  ]);
  // A table elsewhere says nothing; the image can be searched all the same.
  t.is(parse(changed(0x38, 0xfffffff0)).decodedSize, undefined);
});

for (const kernel of ['6.1-armmp', '6.1-marvell'] as const) {
  testWithImage(kernel, ['tool:file'])(
    `parseArmZImage knows the end of the xz stream in Debian's ${kernel} kernel`,
    (t, { path }) => {
      const image = readFileSync(path);
      const { decodedSize, order, appended } = parse(image);
      t.is(order, 'little');
      t.is(appended, undefined);
      const searched = searchedIn(image);
      t.is(
        searched.toString('latin1', searched.length - 6, searched.length - 4),
        'YZ',
        'end of an xz stream',
      );
      t.is(decodedSize, searched.readUInt32LE(searched.length - 4));
      t.true(runTool('file', ['-b', path]).includes('ARM boot executable zImage (little-endian)'));
    },
  );
}
