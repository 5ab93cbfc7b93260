/* Broken ramdisks: each ends in an error or in modules that lie inside what was written. */
import test from 'ava';
import { gzipSync } from 'node:zlib';
import { MemorySink } from '../../src/bytes/byte-sink.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { native } from '../../src/native.ts';
import { unpackModules } from '../../src/source/ramdisk.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { buildAndroidBoot, buildAndroidVendorBoot } from '../format/android-boot-builder.ts';
import { buildBootconfig } from '../format/bootconfig-builder.ts';
import { buildCpio } from '../format/cpio-builder.ts';
import { fuzz } from './fuzz.ts';

const plain = buildCpio([
  { name: 'lib/modules/a.ko', content: 'content of a' },
  { name: 'lib/modules/b.ko', inode: 3, links: 2 },
  { name: 'lib/modules/c.ko.xz', inode: 3, links: 2, content: 'content of c' },
]);
const packed = gzipSync(plain);

/** A ramdisk of some hundred bytes must not become large, however it is broken. */
const limits = { ...defaultLimits, imageBytes: 16 * 1024 * 1024 };

if (native) {
  const store = new MemoryStore();
  test.after.always(() => store.close());
  fuzz('ramdisks', {
    seeds: [
      plain,
      packed,
      Buffer.concat([plain, Buffer.alloc(100), packed, packed]),
      buildBootconfig(packed, 'key = value\n'),
      buildAndroidBoot({ headerVersion: 2, kernel: Buffer.from('kernel'), ramdisk: packed }),
      buildAndroidVendorBoot({
        headerVersion: 4,
        ramdisks: [
          { content: packed, type: 2 },
          { content: plain, type: 1 },
        ],
      }),
    ],
    iterations: 3000,
    async parse(input) {
      const sink = new MemorySink(limits.imageBytes);
      const source = new MemorySource('ramdisk', input);
      const { modules, archives } = await unpackModules(source, sink, store.scratch, limits);
      for (const { offset, size, archive, path } of modules) {
        if (offset + size > sink.written || !archives[archive]) throw new Error(`${path} lies nowhere`);
      }
    },
  });
} else {
  test.skip('fuzz ramdisks [skipped: no addon]', (t) => t.pass());
}
