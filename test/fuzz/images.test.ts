/*
 * Broken images through the whole chain: containers, compressions, ELF, and what a kernel carries. Each ends in an error
 * or a result; no descriptor stays open and memory does not grow. IKFS_FUZZ_ITERATIONS=50 makes 100,000 of them.
 */
import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { native } from '../../src/native.ts';
import { unwrapImage } from '../../src/source/image.ts';
import { findContents } from '../../src/source/kernel-contents.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { onePackingEach, pack } from '../codec/samples.ts';
import { buildAndroidBoot, buildQualcommImage } from '../format/android-boot-builder.ts';
import { buildArmZImage } from '../format/arm-zimage-builder.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildBzImage } from '../format/bzimage-builder.ts';
import { buildDeviceTree } from '../format/device-tree-builder.ts';
import { buildEfiZboot } from '../format/efi-zboot-builder.ts';
import { buildElf } from '../format/elf-builder.ts';
import { buildPe } from '../format/pe-builder.ts';
import { buildS390Image } from '../format/s390-image-builder.ts';
import { buildUImage, multiPayload } from '../format/uimage-builder.ts';
import { toolPath } from '../requirements.ts';
import { bannerOf, configOf, headerArchive, headerFiles, vmlinux } from '../synthetic-kernel.ts';
import { fuzz } from './fuzz.ts';

const release = '6.6.1-test';
const headers = headerArchive(headerFiles(release));
const elf = vmlinux({ release, btf: buildBtf(), config: configOf('6.6.1'), headers, stripped: true });
const flat = Buffer.concat([
  Buffer.from(`code ${bannerOf(release)}\0IKCFG_ST`),
  gzipSync(configOf('6.6.1')),
  Buffer.from('IKCFG_ED odd'),
  headers,
  buildBtf(),
]);
const payload = gzipSync(flat);

const packed = onePackingEach
  .filter(({ tool }) => toolPath(tool) !== undefined)
  .map((each) => pack(each, flat));
const fit = buildDeviceTree({
  children: [
    {
      name: 'images',
      children: [{ name: 'kernel-1', properties: { type: 'kernel', compression: 'gzip', data: payload } }],
    },
  ],
});

const images: readonly Buffer[] = [
  elf,
  flat,
  ...packed,
  buildBzImage({ payload: gzipSync(elf) }),
  buildAndroidBoot({ headerVersion: 0, kernel: payload }),
  buildAndroidBoot({ headerVersion: 4, kernel: buildQualcommImage(flat) }),
  buildUImage({ payload }),
  buildUImage({ payload: multiPayload([payload, Buffer.from('ramdisk')]), type: 4 }),
  fit,
  buildEfiZboot({ payload }),
  buildPe([
    { name: '.uname', content: Buffer.from(release) },
    { name: '.linux', content: buildBzImage({ payload }) },
  ]),
  buildArmZImage({ payload }),
  buildS390Image({ payload }),
  buildElf({ machine: 21, sections: [{ name: '.kernel:vmlinux.strip', content: payload }] }),
  Buffer.concat([Buffer.alloc(600, 'loader'), payload]),
  // Wrapped in everything at once.
  buildUImage({
    payload: gzipSync(buildAndroidBoot({ headerVersion: 3, kernel: buildBzImage({ payload }) })),
  }),
];

/** A kernel of a few kilobytes must not become large, however it is broken. */
const limits = { ...defaultLimits, imageBytes: 16 * 1024 * 1024, archiveBytes: 16 * 1024 * 1024 };

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

if (native) {
  const store = new MemoryStore();
  const before = { descriptors: 0, memory: 0 };
  test.before(() => {
    before.descriptors = openDescriptors();
    before.memory = process.memoryUsage().rss;
  });

  fuzz('images', {
    seeds: images,
    iterations: 2000,
    async parse(input) {
      const unwrapped = await unwrapImage(new MemorySource('image', input), store.scratch, limits);
      try {
        await findContents(unwrapped, store.scratch, limits);
      } finally {
        unwrapped.close();
      }
    },
  });

  test.after.always((t) => {
    store.close();
    // Threads of decoders have some of their own.
    t.true(openDescriptors() < before.descriptors + 20, `${openDescriptors()} descriptors are open`);
    const grown = (process.memoryUsage().rss - before.memory) / 2 ** 20;
    t.true(grown < 400, `memory has grown by ${Math.round(grown)} MiB`);
  });
} else {
  test.skip('fuzz images [skipped: no addon]', (t) => t.pass());
}
