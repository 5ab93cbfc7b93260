import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isBzImage, parseBzImage } from '../../src/format/bzimage.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { buildBzImage } from './bzimage-builder.ts';
import { errorCode } from './error-code.ts';
import { firstImage } from './real-kernel.ts';

const versionString = '6.1.192-ik (root@vm) #1 SMP PREEMPT_DYNAMIC Thu Nov 20 12:00:00 UTC 2026';
const payload = Buffer.from('compressed kernel');
const parse = (bytes: Buffer): ReturnType<typeof parseBzImage> =>
  parseBzImage(new MemorySource('vmlinuz', bytes));

test('parseBzImage finds the payload and the version, before a signature', (t) => {
  const image = Buffer.concat([buildBzImage({ payload, versionString }), Buffer.from('PE signature')]);
  const parsed = parse(image);
  t.true(isBzImage(image));
  t.is(parsed.protocol, 0x020f);
  t.is(parsed.versionString, versionString);
  t.is(parsed.release, '6.1.192-ik');
  const { offset, size } = parsed.payload;
  t.deepEqual(image.subarray(offset, offset + size), payload);
});

test('parseBzImage takes no setup sectors for four', (t) => {
  t.is(parse(buildBzImage({ payload, setupSectors: 0, gap: 0 })).payload.offset, 5 * 512);
});

test('parseBzImage does without a version string, or with one outside the setup code', (t) => {
  t.is(parse(buildBzImage({ payload })).release, undefined);
  const outside = buildBzImage({ payload, versionString });
  outside.writeUInt16LE(0xffff, 0x20e);
  t.is(parse(outside).versionString, undefined);
});

test('parseBzImage names what is wrong', (t) => {
  const image = buildBzImage({ payload });
  t.is(
    errorCode(() => parse(buildBzImage({ payload, protocol: 0x0207 }))),
    'unsupported',
  );
  t.is(
    errorCode(() => parse(buildBzImage({ payload: Buffer.alloc(0) }))),
    'corrupt',
  );
  t.is(
    errorCode(() => parse(image.subarray(0, -1))),
    'truncated',
  );
  t.is(
    errorCode(() => parse(image.subarray(0, 0x230))),
    'truncated',
  );
  t.is(
    errorCode(() => parse(Buffer.alloc(4096))),
    'corrupt',
  );
  t.is(
    errorCode(() => parse(Buffer.alloc(0))),
    'corrupt',
  );
  t.false(isBzImage(image.subarray(0, 0x205)));
});

testWith(['corpus'])('parseBzImage finds the gzip payload of a real kernel', (t) => {
  const image = readFileSync(join(corpusRoot(), 'boot', 'vmlinuz-6.1.192-ik'));
  const parsed = parse(image);
  t.is(parsed.release, '6.1.192-ik');
  t.is(parsed.payload.offset, 0x52c4);
  const { offset, size } = parsed.payload;
  const kernel = gunzipSync(image.subarray(offset, offset + size));
  t.is(kernel.toString('latin1', 1, 4), 'ELF');
  // gzip ends with the size of what comes out.
  t.is(image.readUInt32LE(offset + size - 4), kernel.length);
});

const debianMagic = { '6.1': 'fd377a585a00', '6.1-cloud': '02214c18', '6.12-cloud': '28b52ffd' } as const;

for (const which of ['6.1', '6.1-cloud', '6.12-cloud'] as const) {
  testWith(['debian'])(`parseBzImage finds release and payload of Debian's ${which}`, (t) => {
    const { bytes, release } = firstImage(debianRoot(which));
    const parsed = parse(bytes);
    t.is(parsed.release, release);
    const magic = debianMagic[which];
    t.is(bytes.toString('hex', parsed.payload.offset, parsed.payload.offset + magic.length / 2), magic);
  });
}
