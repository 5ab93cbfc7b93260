import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isQualcommImage, parseQualcommImage } from '../../src/format/qualcomm-image.ts';
import type { QualcommImage } from '../../src/format/qualcomm-image.ts';
import { buildQualcommImage } from './android-boot-builder.ts';
import { CountingSource } from './counting-source.ts';
import { errorCode } from './error-code.ts';

const parse = (bytes: Buffer): QualcommImage => parseQualcommImage(new MemorySource('kernel', bytes));
const kernel = Buffer.alloc(5000, 'kernel');

test('parseQualcommImage finds the kernel behind the prefix and the device trees behind the kernel', (t) => {
  const image = new CountingSource('kernel', buildQualcommImage(kernel));
  t.deepEqual(parseQualcommImage(image), { kernel: { offset: 20, size: 5000 }, appended: undefined });
  t.is(image.bytes, 20);
  t.deepEqual(parse(buildQualcommImage(kernel, Buffer.alloc(77))), {
    kernel: { offset: 20, size: 5000 },
    appended: { offset: 5020, size: 77 },
  });
});

test('parseQualcommImage names what is wrong', (t) => {
  const image = buildQualcommImage(kernel);
  const code = (bytes: Buffer): string => errorCode(() => parse(bytes));
  t.is(code(image.subarray(0, -1)), 'truncated');
  t.is(code(buildQualcommImage(Buffer.alloc(0))), 'corrupt');
  t.is(code(kernel), 'corrupt');
  t.is(code(image.subarray(0, 19)), 'corrupt');
  t.is(code(Buffer.alloc(0)), 'corrupt');
  t.true(isQualcommImage(image));
  t.false(isQualcommImage(kernel));
});
