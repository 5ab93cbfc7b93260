import test from 'ava';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { isAndroidVendorBoot, parseAndroidVendorBoot } from '../../src/format/android-vendor-boot.ts';
import type { AndroidVendorBoot } from '../../src/format/android-vendor-boot.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { buildAndroidVendorBoot } from './android-boot-builder.ts';
import { CountingSource } from './counting-source.ts';
import { errorCode } from './error-code.ts';

const platform = Buffer.alloc(3001, 'platform');
const modules = Buffer.alloc(5000, 'modules');
const dtb = Buffer.alloc(100, 'dtb');
const parse = (bytes: Buffer): AndroidVendorBoot =>
  parseAndroidVendorBoot(new MemorySource('vendor_boot.img', bytes));
const ramdisks = [
  { content: platform, type: 1 },
  { content: modules, type: 3, name: 'dlkm' },
  { content: Buffer.from('new'), type: 77, name: 'n'.repeat(32) },
];

test('parseAndroidVendorBoot finds the one ramdisk of version 3', (t) => {
  for (const pageSize of [2048, 4096, 65536]) {
    const image = buildAndroidVendorBoot({ headerVersion: 3, pageSize, ramdisks, dtb, commandLine: 'quiet' });
    const offset = pageSize === 2048 ? 4096 : pageSize;
    const size = 3001 + 5000 + 3;
    t.deepEqual(parse(image), {
      headerVersion: 3,
      ramdisks: [{ offset, size, type: 'none', name: '' }],
      dtb: { offset: offset + Math.ceil(size / pageSize) * pageSize, size: dtb.length },
      bootconfig: undefined,
      commandLine: 'quiet',
    });
  }
});

test('parseAndroidVendorBoot finds every ramdisk of version 4', (t) => {
  for (const [pageSize, entrySize] of [
    [2048, 108],
    [16384, 200],
  ] as const) {
    const bootconfig = 'androidboot.hardware=board\n';
    const image = buildAndroidVendorBoot({
      headerVersion: 4,
      pageSize,
      entrySize,
      ramdisks,
      dtb,
      bootconfig,
    });
    const parsed = parse(image);
    const bytes = (range: { offset: number; size: number }): Buffer =>
      image.subarray(range.offset, range.offset + range.size);
    t.deepEqual(parsed.ramdisks.map(bytes), [platform, modules, Buffer.from('new')]);
    t.deepEqual(
      parsed.ramdisks.map(({ type, name }) => [type, name]),
      [
        ['platform', ''],
        ['dlkm', 'dlkm'],
        ['unknown', 'n'.repeat(32)],
      ],
    );
    t.deepEqual(parsed.dtb && bytes(parsed.dtb), dtb);
    t.is(parsed.bootconfig && bytes(parsed.bootconfig).toString(), bootconfig);
  }
});

test('parseAndroidVendorBoot does without ramdisks, device trees, table and configuration', (t) => {
  const none = { ramdisks: [], dtb: undefined, bootconfig: undefined, commandLine: '' };
  t.deepEqual(parse(buildAndroidVendorBoot({ headerVersion: 3 })), { headerVersion: 3, ...none });
  t.deepEqual(parse(buildAndroidVendorBoot({ headerVersion: 4 })), { headerVersion: 4, ...none });
  const noTable = buildAndroidVendorBoot({ headerVersion: 4, ramdisks, statedEntries: 0 });
  t.deepEqual(parse(noTable).ramdisks, [{ offset: 4096, size: 8004, type: 'none', name: '' }]);
});

test('parseAndroidVendorBoot names what is wrong', (t) => {
  const spec = { headerVersion: 4, ramdisks, dtb, bootconfig: 'a=b\n' };
  const image = buildAndroidVendorBoot(spec);
  const code = (bytes: Buffer): string => errorCode(() => parse(bytes));
  const changed = (offset: number, value: number): string => {
    const bytes = Buffer.from(image);
    bytes.writeUInt32LE(value, offset);
    return code(bytes);
  };
  t.is(code(image), 'none');
  t.is(code(image.subarray(0, image.length - 2048)), 'truncated');
  t.is(code(image.subarray(0, 2120)), 'truncated');
  t.is(code(Buffer.alloc(4096)), 'corrupt');
  t.is(code(Buffer.alloc(0)), 'corrupt');
  for (const version of [0, 2, 5, 0xffffffff]) t.is(changed(8, version), 'unsupported');
  for (const pageSize of [0, 3000, 0x100000]) t.is(changed(12, pageSize), 'corrupt');
  for (const size of [24, 2100, 2112, 2124]) t.is(changed(size, 0xffffffff), 'truncated');
  t.is(changed(2116, 4), 'corrupt');
  t.is(changed(2116, 0xffffffff), 'limit');
  for (const entrySize of [0, 107, 109, 0xffffffff]) t.is(changed(2120, entrySize), 'corrupt');
  const outside = [{ content: platform, statedOffset: 1 }];
  t.is(code(buildAndroidVendorBoot({ headerVersion: 4, ramdisks: outside })), 'corrupt');
  t.false(isAndroidVendorBoot(Buffer.from('VNDRBOO')));
});

test('parseAndroidVendorBoot reads header and table only', (t) => {
  const image = new CountingSource(
    'vendor_boot.img',
    buildAndroidVendorBoot({ headerVersion: 4, ramdisks, dtb }),
  );
  parseAndroidVendorBoot(image);
  t.is(image.reads, 2);
  t.is(image.bytes, 2128 + 3 * 108);
});

testWith(['tool:mkbootimg', 'tool:unpack_bootimg'])(
  'parseAndroidVendorBoot finds in version 3 by mkbootimg what unpack_bootimg finds',
  (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const path = (name: string): string => join(folder.path, name);
    writeFileSync(path('ramdisk'), modules);
    writeFileSync(path('dtb'), dtb);
    const given = [
      '--vendor_ramdisk',
      path('ramdisk'),
      '--dtb',
      path('dtb'),
      '--vendor_cmdline',
      'a=b quiet',
    ];
    const image = ['--header_version', '3', '--pagesize', '4096', '--vendor_boot', path('vendor_boot.img')];
    execFileSync('mkbootimg', [...given, ...image]);
    const bytes = readFileSync(path('vendor_boot.img'));
    const parsed = parse(bytes);
    const said = execFileSync('unpack_bootimg', [
      '--boot_img',
      path('vendor_boot.img'),
      '--out',
      path('out'),
    ]);
    t.true(said.includes(`vendor command line args: ${parsed.commandLine}\n`));
    const [ramdisk] = parsed.ramdisks;
    for (const [name, range] of [
      ['vendor_ramdisk', ramdisk],
      ['dtb', parsed.dtb],
    ] as const) {
      const found = range && bytes.subarray(range.offset, range.offset + range.size);
      t.deepEqual(found, readFileSync(join(path('out'), name)));
    }
  },
);
