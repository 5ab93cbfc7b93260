import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isEfiZboot, parseEfiZboot } from '../../src/format/efi-zboot.ts';
import { isFlatImage } from '../../src/format/flat-image.ts';
import { buildEfiZboot } from './efi-zboot-builder.ts';
import { assertRefusals } from './refusals.ts';

const payload = Buffer.from('compressed kernel');
const parse = (bytes: Buffer): ReturnType<typeof parseEfiZboot> =>
  parseEfiZboot(new MemorySource('vmlinuz.efi', bytes));

test('parseEfiZboot finds the payload without the size behind it, and the name of its compression', (t) => {
  for (const compression of ['gzip', 'xzkern', 'zstd22']) {
    const image = buildEfiZboot({ payload, compression });
    t.true(isEfiZboot(image));
    t.false(isFlatImage(image), 'a program that unpacks a kernel is no flat kernel');
    const parsed = parse(image);
    t.is(parsed.compression, compression);
    t.is(parsed.peOffset, 0x40);
    const { offset, size } = parsed.payload;
    t.deepEqual(image.subarray(offset, offset + size), payload);
  }
});

test('parseEfiZboot names what is wrong', (t) => {
  const image = buildEfiZboot({ payload });
  assertRefusals(t, parse, [
    [image.subarray(0, -5), 'truncated'],
    [image.subarray(0, 0x20), 'truncated'],
    [buildEfiZboot({ payload, payloadSize: 0 }), 'corrupt'],
    [buildEfiZboot({ payload, payloadSize: 0xffffffff }), 'truncated'],
    [Buffer.alloc(0), 'corrupt'],
    [Buffer.from('MZ\0\0 another program of EFI'), 'corrupt'],
  ]);
});
