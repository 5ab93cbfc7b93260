import assert from 'node:assert';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';

import { occurrencesOfAny } from '../../src/bytes/scan.ts';
import { codecs } from '../../src/codec/table.ts';
import { isArmZImage, parseArmZImage } from '../../src/format/arm-zimage.ts';
import { parseFit } from '../../src/format/device-tree-fit.ts';
import { isDeviceTree, parseDeviceTree } from '../../src/format/device-tree.ts';
import type { DeviceTreeNode } from '../../src/format/device-tree.ts';
import { isEfiZboot, parseEfiZboot } from '../../src/format/efi-zboot.ts';
import { isElf, parseElf } from '../../src/format/elf.ts';
import { payloadSection, streamCandidates } from '../../src/format/embedded-payload.ts';
import { isFlatImage, parseFlatImage } from '../../src/format/flat-image.ts';
import { checkPeSection, isPe, parsePe } from '../../src/format/pe-sections.ts';
import { isUki, parseUki } from '../../src/format/pe-uki.ts';
import { isS390Image, parseS390Image } from '../../src/format/s390-image.ts';
import { isUImage, parseUImage } from '../../src/format/uimage.ts';
import { buildArmZImage } from '../format/arm-zimage-builder.ts';
import { buildDeviceTree } from '../format/device-tree-builder.ts';
import { buildEfiZboot } from '../format/efi-zboot-builder.ts';
import { buildElf } from '../format/elf-builder.ts';
import { buildFlatImage } from '../format/flat-image-builder.ts';
import { buildPe } from '../format/pe-builder.ts';
import { buildS390Image } from '../format/s390-image-builder.ts';
import { buildUImage, multiPayload } from '../format/uimage-builder.ts';
import { fuzz } from './fuzz.ts';

const source = (input: Buffer): MemorySource => new MemorySource('input', input);

/** Every range that a parser gives must be there to be read. */
function use(bytes: ByteSource, range: ByteRange | undefined): void {
  if (range) assert.equal(bytes.read(range.offset, range.size).length, range.size);
}

const payload = Buffer.from('compressed kernel\0\x10\0\0');

fuzz('efi-zboot', {
  seeds: [buildEfiZboot({ payload }), buildEfiZboot({ payload, compression: 'zstd22' })],
  iterations: 20_000,
  parse: (input) => {
    const known = isEfiZboot(input);
    const bytes = source(input);
    use(bytes, parseEfiZboot(bytes).payload);
    assert.ok(known, 'what is parsed is known by its head');
  },
});

const sections = [
  { name: '.text', content: Buffer.from('stub') },
  { name: '.uname', content: Buffer.from('6.1.0-50-amd64\n') },
  { name: '.linux', content: payload },
];

fuzz('pe sections and unified kernel images', {
  seeds: [buildPe(sections), buildPe([...sections, ...sections], { machine: 0xaa64 })],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    isPe(input);
    const wanted = isUki(input.subarray(0, 4096));
    const { sections: found } = parsePe(bytes);
    const { kernel, release } = parseUki(bytes);
    assert.ok(wanted || found.length > 90, 'what is parsed is known by its head');
    use(bytes, kernel);
    assert.ok(release === undefined || !/[\0\s]/.test(release));
    for (const section of found) {
      checkPeSection(bytes, section);
      use(bytes, section.content);
    }
  },
});

fuzz('uimage', {
  seeds: [
    buildUImage({ payload, name: 'Linux-6.1.0' }),
    buildUImage({ payload: multiPayload([payload, Buffer.from('ramdisk'), Buffer.from('dtb')]), type: 4 }),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(withHeaderChecksum(input));
    const { payload: all, parts, kernel } = parseUImage(bytes);
    for (const range of [all, kernel, ...parts]) use(bytes, range);
  },
});

/** The same image with a header checksum that matches, or nearly every one would be refused for that. */
function withHeaderChecksum(input: Buffer): Buffer {
  if (!isUImage(input)) return input;
  const right = buildUImage({
    payload: Buffer.alloc(0),
    type: input.readUInt8(30),
    compression: input.readUInt8(31),
    size: input.readUInt32BE(12),
  });
  return Buffer.concat([right.subarray(0, 64), input.subarray(64)]);
}

const images = {
  name: 'images',
  children: [
    { name: 'kernel-1', properties: { data: payload, type: 'kernel', compression: 'lzma', arch: 'arm64' } },
    { name: 'kernel-2', properties: { type: 'kernel', 'data-offset': 0, 'data-size': 16 } },
    { name: 'kernel-3', properties: { type: 'kernel', 'data-position': 64, 'data-size': 16 } },
  ],
};
const fits = ['1', '2', '3'].map((which) =>
  Buffer.concat([
    buildDeviceTree({
      properties: { description: 'FIT' },
      children: [
        images,
        {
          name: 'configurations',
          properties: { default: `conf-${which}` },
          children: [
            { name: `conf-${which}`, properties: { kernel: `kernel-${which}`, loadables: 'kernel-1' } },
          ],
        },
      ],
    }),
    Buffer.alloc(32),
  ]),
);

fuzz('device trees and FIT images', {
  seeds: [...fits, buildDeviceTree(images), buildDeviceTree(images, { version: 16 })],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const known = isDeviceTree(input);
    const { root, size } = parseDeviceTree(bytes);
    assert.ok(known && size <= input.length);
    useValues(bytes, root);
    // A plain device tree is refused as such.
    if (root.children.some(({ name }) => name === 'images')) use(bytes, parseFit(bytes).payload);
  },
});

function useValues(bytes: ByteSource, node: DeviceTreeNode): void {
  for (const value of node.properties.values()) use(bytes, value);
  for (const child of node.children) useValues(bytes, child);
}

const zImages = (['little', 'big'] as const).flatMap((order) => [
  buildArmZImage({ payload, order }),
  buildArmZImage({ payload, order, instructions: order, extended: false, start: 0x8000 }),
]);

fuzz('arm-zimage', {
  seeds: [...zImages, Buffer.concat([...zImages.slice(0, 1), buildDeviceTree(images)])],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const known = isArmZImage(input);
    const { searched, appended } = parseArmZImage(bytes);
    assert.ok(known);
    use(bytes, searched);
    use(bytes, appended);
  },
});

fuzz('flat-image', {
  seeds: (['arm64', 'riscv', 'loongarch'] as const).map((machine) =>
    buildFlatImage(machine, { flags: 3 }).subarray(0, 256),
  ),
  iterations: 20_000,
  parse: (input) => {
    assert.equal(
      isFlatImage(input),
      parses(() => parseFlatImage(source(input))),
    );
  },
});

/** Whether a call returns; a size that can not be is the other error there is. */
function parses(body: () => unknown): boolean {
  try {
    body();
    return true;
  } catch (error) {
    return error instanceof Error && error.message.includes('impossibly large');
  }
}

fuzz('s390-image', {
  seeds: [buildS390Image({ payload, versionString: '6.1.0 (a@b) #1' }), buildS390Image({ payload })],
  iterations: 3000,
  parse: (input) => {
    const bytes = source(input);
    const known = isS390Image(input);
    const { searched, release, versionString } = parseS390Image(bytes);
    assert.ok(known);
    use(bytes, searched);
    assert.equal(release === undefined, versionString === undefined);
  },
});

const magics = codecs.map(({ magic }) => magic);
const streams = Buffer.concat([
  Buffer.from('fd377a585a000004e6d6b446', 'hex'),
  Buffer.from('1f8b0800000000000003', 'hex'),
  Buffer.from('5d00008000ffffffffffffffff0000', 'hex'),
  Buffer.from('28b52ffd2400', 'hex'),
  ...magics,
]);

fuzz('compressed streams in images', {
  seeds: [
    streams,
    buildElf({ machine: 21, sections: [{ name: '.kernel:vmlinux.strip', content: streams }] }),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    for (const { name, offset } of streamCandidates(bytes, { offset: 0, size: bytes.size }, codecs, 4)) {
      const codec = codecs.find((each) => each.name === name);
      assert.ok(codec?.matches(input.subarray(offset)));
    }
    const found = new Set([...occurrencesOfAny(bytes, magics)].map(({ needle }) => needle));
    assert.deepEqual(
      magics.map((_, needle) => found.has(needle)),
      magics.map((magic) => input.includes(magic)),
    );
    const section = isElf(input) ? payloadSection(parseElf(bytes)) : undefined;
    assert.ok(section === undefined || section.size > 0);
  },
});
