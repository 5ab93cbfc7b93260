import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { findAvbFooter } from '../../src/format/avb-footer.ts';
import type { AvbFooter } from '../../src/format/avb-footer.ts';
import { buildAndroidBoot, buildAvbPartition } from './android-boot-builder.ts';
import { errorCode } from './error-code.ts';

const find = (bytes: Buffer): AvbFooter | undefined => findAvbFooter(new MemorySource('boot_a', bytes));
const image = buildAndroidBoot({ headerVersion: 4, kernel: Buffer.alloc(5000, 'kernel') });
const partition = buildAvbPartition(image, 65536);

test('findAvbFooter says where the image in a partition ends', (t) => {
  t.deepEqual(find(partition), { imageSize: image.length, vbmeta: { offset: image.length, size: 256 } });
});

test('findAvbFooter finds none in an image without, or in front of the end', (t) => {
  t.is(find(image), undefined);
  t.is(find(Buffer.alloc(0)), undefined);
  t.is(find(Buffer.from('AVBf')), undefined);
  t.is(find(Buffer.concat([partition, Buffer.alloc(1)])), undefined);
});

test('findAvbFooter refuses what can not be', (t) => {
  const changed = (offset: number, value: bigint): string => {
    const bytes = Buffer.from(partition);
    bytes.writeBigUInt64BE(value, bytes.length - 64 + offset);
    return errorCode(() => find(bytes));
  };
  t.is(changed(12, 65536n - 64n), 'none');
  for (const field of [12, 20, 28]) {
    for (const value of [65536n, 0xffffffffn, 1n << 63n]) t.is(changed(field, value), 'corrupt');
  }
  const newer = Buffer.from(partition);
  newer.writeUInt32BE(2, newer.length - 60);
  t.is(
    errorCode(() => find(newer)),
    'unsupported',
  );
});
