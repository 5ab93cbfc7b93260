import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isFit, parseFit } from '../../src/format/device-tree-fit.ts';
import { testWith } from '../requirements.ts';
import { CountingSource } from './counting-source.ts';
import { buildDeviceTree } from './device-tree-builder.ts';
import type { DeviceTreeNodeSpec } from './device-tree-builder.ts';
import { assertRefusals } from './refusals.ts';
import { runTool, testFolder } from './run-tool.ts';

const parse = (bytes: Buffer): ReturnType<typeof parseFit> => parseFit(new MemorySource('itb', bytes));

const image = (
  name: string,
  type = 'kernel',
  more: DeviceTreeNodeSpec['properties'] = {},
): DeviceTreeNodeSpec => ({
  name,
  properties: { data: `${name} data`, type, arch: 'arm64', compression: 'gzip', ...more },
});

function fit(
  images: readonly DeviceTreeNodeSpec[],
  configurations?: DeviceTreeNodeSpec['children'],
  preferred?: string,
): Buffer {
  const properties = preferred === undefined ? {} : { default: preferred };
  return buildDeviceTree({
    properties: { description: 'a FIT image' },
    children: [
      { name: 'images', children: images },
      ...(configurations ? [{ name: 'configurations', properties, children: configurations }] : []),
    ],
  });
}

const images = [image('fdt', 'flat_dt'), image('kernel-1'), image('kernel-2', 'kernel_noload')];
const configurations = [
  { name: 'conf-0', properties: { fdt: 'fdt' } },
  { name: 'conf-1', properties: { kernel: 'kernel-1', fdt: 'fdt' } },
  { name: 'conf-2', properties: { kernel: 'kernel-2' } },
];

test('parseFit takes the kernel of the default configuration', (t) => {
  const bytes = fit(images, configurations, 'conf-2');
  t.true(isFit(bytes));
  const { payload, ...rest } = parse(bytes);
  t.deepEqual(rest, {
    image: 'kernel-2',
    configuration: 'conf-2',
    type: 'kernel_noload',
    compression: 'gzip',
    architecture: 'arm64',
  });
  t.is(bytes.toString('latin1', payload.offset, payload.offset + payload.size), 'kernel-2 data\0');
});

test('parseFit takes the first configuration with a kernel where the default is missing or has none', (t) => {
  for (const preferred of [undefined, 'conf-9', 'conf-0']) {
    const found = parse(fit(images, configurations, preferred));
    t.is(found.image, 'kernel-1');
    t.is(found.configuration, 'conf-1');
  }
});

test('parseFit takes a kernel among the loadables, and the first kernel where there is no configuration', (t) => {
  const spl = [{ name: 'spl', properties: { firmware: 'fdt', loadables: Buffer.from('fdt\0kernel-2\0') } }];
  t.is(parse(fit(images, spl, 'spl')).image, 'kernel-2');
  t.is(parse(fit(images)).image, 'kernel-1');
  t.is(parse(fit(images)).configuration, undefined);
});

test('parseFit finds nodes whose unit address the reference leaves out, and a configuration with overlays', (t) => {
  const old = fit(
    [image('kernel@1')],
    [{ name: 'conf@1', properties: { kernel: 'kernel' } }],
    'conf#overlay',
  );
  t.is(parse(old).image, 'kernel@1');
  t.is(parse(old).configuration, 'conf@1');
});

test('parseFit names what is wrong', (t) => {
  const data = (properties: DeviceTreeNodeSpec['properties']): Buffer =>
    fit([{ name: 'kernel', properties: { type: 'kernel', ...properties } }]);
  assertRefusals(t, parse, [
    [buildDeviceTree({ properties: { model: 'a board' } }), 'unsupported'],
    [fit([image('fdt', 'flat_dt')]), 'not-found'],
    [fit([]), 'not-found'],
    [fit(Array.from({ length: 16_385 }, (_, index) => ({ name: `image-${index}` }))), 'limit'],
    [data({}), 'corrupt'],
    [data({ data: Buffer.alloc(0) }), 'corrupt'],
    [data({ 'data-offset': 0 }), 'corrupt'],
    [data({ 'data-offset': 'text', 'data-size': 1 }), 'corrupt'],
    [data({ 'data-offset': 0, 'data-size': 1 }), 'truncated'],
    [data({ 'data-position': 0xffffffff, 'data-size': 0xffffffff }), 'truncated'],
    [fit([{ ...image('kernel'), children: [{ name: 'cipher' }] }]), 'unsupported'],
  ]);
});

const kernel = Buffer.from('a compressed kernel. '.repeat(10_000));

for (const [title, options] of [
  ['in the tree', []],
  ['behind the tree', ['-E']],
  ['behind the tree, aligned', ['-E', '-B', '0x200']],
  ['at a position', ['-E', '-p', '0x3000']],
] as const) {
  testWith(['tool:mkimage', 'tool:dumpimage'])(
    `parseFit finds the kernel that mkimage put ${title} and dumpimage takes out`,
    (t) => {
      const file = testFolder(t);
      writeFileSync(file('kernel'), kernel);
      writeFileSync(file('ramdisk'), 'a ramdisk');
      writeFileSync(
        file('its'),
        `/dts-v1/; / { description = "d"; #address-cells = <1>;
          images {
            ramdisk-1 { description = "r"; data = /incbin/("${file('ramdisk')}"); type = "ramdisk"; arch = "arm64";
              os = "linux"; compression = "none"; };
            kernel-1 { description = "k"; data = /incbin/("${file('kernel')}"); type = "kernel"; arch = "arm64";
              os = "linux"; compression = "lzma"; load = <0x80000>; entry = <0x80000>;
              hash-1 { algo = "sha1"; }; };
          };
          configurations { default = "conf-1";
            conf-1 { description = "c"; kernel = "kernel-1"; ramdisk = "ramdisk-1"; }; };
        };`,
      );
      runTool('mkimage', ['-f', file('its'), ...options, file('itb')]);
      const bytes = readFileSync(file('itb'));
      const source = new CountingSource('itb', bytes);
      const { image: name, payload, compression } = parseFit(source);
      t.is(name, 'kernel-1');
      t.is(compression, 'lzma');
      t.true(source.bytes < 64 * 1024, 'the kernel itself is not read');
      runTool('dumpimage', ['-T', 'flat_dt', '-p', '1', '-o', file('out'), file('itb')]);
      t.deepEqual(bytes.subarray(payload.offset, payload.offset + payload.size), readFileSync(file('out')));
    },
  );
}
