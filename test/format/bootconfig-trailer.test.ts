import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { findBootconfig } from '../../src/format/bootconfig-trailer.ts';
import { CountingSource } from './counting-source.ts';
import { buildBootconfig } from './bootconfig-builder.ts';
import { errorCode } from './error-code.ts';

const ramdisk = Buffer.alloc(1001, 'ramdisk');
const text = 'androidboot.slot_suffix = "_a"\n';

test('findBootconfig gives the text at the end of a ramdisk', (t) => {
  for (const behind of [0, 1, 2, 3]) {
    const image = Buffer.concat([buildBootconfig(ramdisk, text), Buffer.alloc(behind)]);
    const source = new CountingSource('ramdisk', image);
    const found = findBootconfig(source);
    t.is(found?.offset, ramdisk.length);
    t.regex(
      image.toString('latin1', found?.offset, (found?.offset ?? 0) + (found?.size ?? 0)),
      /^androidboot.*"\n\0*$/,
    );
    t.is(source.reads, 2);
  }
});

test('findBootconfig finds none where there is none', (t) => {
  const image = buildBootconfig(ramdisk, text);
  for (const bytes of [ramdisk, Buffer.alloc(0), Buffer.from('#BOOTCONFIG\n'), image.subarray(0, -1)]) {
    t.is(findBootconfig(new MemorySource('ramdisk', bytes)), undefined);
  }
  t.is(findBootconfig(new MemorySource('ramdisk', Buffer.concat([image, Buffer.alloc(4)]))), undefined);
});

test('findBootconfig names what is wrong', (t) => {
  const code = (change: { size?: number; sum?: number; text?: string }): string =>
    errorCode(() =>
      findBootconfig(new MemorySource('ramdisk', buildBootconfig(ramdisk, change.text ?? text, change))),
    );
  t.is(code({}), 'none');
  t.is(code({ sum: 1 }), 'mismatch');
  t.is(code({ size: 5 }), 'mismatch');
  t.is(code({ size: 2000 }), 'corrupt');
  t.is(code({ size: 0xffffffff }), 'corrupt');
  t.is(code({ text: `# ${'x'.repeat(33_000)}\n` }), 'limit');
});
