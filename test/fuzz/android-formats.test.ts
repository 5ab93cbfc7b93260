import assert from 'node:assert';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import type { ByteSource } from '../../src/bytes/byte-source.ts';
import { isAndroidBoot, parseAndroidBoot } from '../../src/format/android-boot.ts';
import { isAndroidVendorBoot, parseAndroidVendorBoot } from '../../src/format/android-vendor-boot.ts';
import { findAvbFooter } from '../../src/format/avb-footer.ts';
import { parseBootconfig } from '../../src/format/bootconfig.ts';
import { runningSlotSuffix } from '../../src/format/bootconfig-slot.ts';
import { findBootconfig } from '../../src/format/bootconfig-trailer.ts';
import { cpioEntries, isCpio } from '../../src/format/cpio.ts';
import { parseQualcommImage } from '../../src/format/qualcomm-image.ts';
import {
  buildAndroidBoot,
  buildAndroidVendorBoot,
  buildAvbPartition,
  buildQualcommImage,
} from '../format/android-boot-builder.ts';
import { buildBootconfig } from '../format/bootconfig-builder.ts';
import { buildCpio, buildCpioEntries } from '../format/cpio-builder.ts';
import { fuzz } from './fuzz.ts';

const source = (input: Buffer): MemorySource => new MemorySource('input', input);

/** Every range that a parser gives must be there to be read. */
function use(bytes: ByteSource, range: ByteRange | undefined): void {
  if (range) assert.equal(bytes.read(range.offset, range.size).length, range.size);
}

const kernel = Buffer.alloc(100, 'kernel');
const ramdisk = Buffer.alloc(50, 'ramdisk');
const parts = { kernel, ramdisk, second: kernel, recoveryDtbo: ramdisk, dtb: kernel };

fuzz('android-boot', {
  seeds: [
    buildAndroidBoot({ headerVersion: 0, kernel, ramdisk, commandLine: 'quiet' }),
    buildAndroidBoot({ headerVersion: 100, kernel, ramdisk, dtb: kernel }),
    buildAndroidBoot({ headerVersion: 2, ...parts }),
    buildAndroidBoot({ headerVersion: 4, kernel, ramdisk, osVersion: 0x1c000189 }),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const boot = parseAndroidBoot(bytes);
    assert.ok(isAndroidBoot(input) && boot.headerVersion <= 4 && !boot.commandLine.includes('\0'));
    for (const part of [boot.kernel, boot.ramdisk, boot.second, boot.recoveryDtbo, boot.dtb])
      use(bytes, part);
  },
});

const ramdisks = [
  { content: ramdisk, type: 1 },
  { content: kernel, type: 3, name: 'dlkm' },
];

fuzz('android-vendor-boot', {
  seeds: [
    buildAndroidVendorBoot({ headerVersion: 3, ramdisks, dtb: kernel }),
    buildAndroidVendorBoot({ headerVersion: 4, ramdisks, dtb: kernel, bootconfig: 'a=b\n' }),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const boot = parseAndroidVendorBoot(bytes);
    assert.ok(isAndroidVendorBoot(input));
    for (const part of [...boot.ramdisks, boot.dtb, boot.bootconfig]) use(bytes, part);
  },
});

fuzz('avb-footer', {
  seeds: [buildAvbPartition(kernel, 1024), buildAvbPartition(Buffer.alloc(0), 512)],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const footer = findAvbFooter(bytes);
    use(bytes, footer?.vbmeta);
    if (footer) use(bytes, { offset: 0, size: footer.imageSize });
  },
});

fuzz('qualcomm-image', {
  seeds: [buildQualcommImage(kernel), buildQualcommImage(kernel, ramdisk)],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const image = parseQualcommImage(bytes);
    use(bytes, image.kernel);
    use(bytes, image.appended);
  },
});

const archive = buildCpio([
  { name: 'lib', mode: 0o040755 },
  { name: 'lib/a.ko', links: 2, inode: 1 },
  { name: 'lib/link', mode: 0o120777, content: 'a.ko' },
  { name: 'lib/b.ko', links: 2, inode: 1, content: 'ELF' },
]);

fuzz('cpio', {
  seeds: [
    archive,
    Buffer.concat([buildCpioEntries([{ name: 'early', content: '1' }], '070702'), Buffer.alloc(12), archive]),
    Buffer.concat([archive, Buffer.alloc(3), Buffer.from('1f8b', 'hex')]),
  ],
  iterations: 20_000,
  parse: (input) => {
    const bytes = source(input);
    const iterator = cpioEntries(bytes);
    let next = iterator.next();
    for (let count = 0; next.done !== true; count += 1, next = iterator.next()) {
      assert.ok(count < input.length);
      use(bytes, next.value.content);
    }
    assert.ok(next.value <= input.length && (next.value > 0 || !isCpio(input)));
  },
});

const texts = [
  'androidboot.slot_suffix = "_a"\nandroidboot.hardware=board\n',
  '# comment\nfoo.bar { baz = value1, "2"; qux.quux = \'value2\' }\nfoo.bar.baz += 3 # more\nflag; a := b\n',
];

fuzz('bootconfig', {
  seeds: texts.map((text) => Buffer.from(text)),
  iterations: 20_000,
  parse: (input) => {
    const text = input.toString('latin1');
    const suffix = runningSlotSuffix({ commandLine: text });
    assert.match(suffix ?? '_a', /^_[a-z]$/);
    const config = parseBootconfig(text);
    const written = [...config].map(([key, values]) => {
      const quoted = values.map((value) => (value.includes('"') ? `'${value}'` : `"${value}"`));
      return values.length === 0 ? `${key}\n` : `${key} = ${quoted.join(', ')}\n`;
    });
    // What /proc/bootconfig would say of it has the same meaning, unless a value has both kinds of quotes.
    if (![...config.values()].flat().some((value) => value.includes('"') && value.includes("'")))
      assert.deepEqual(parseBootconfig(written.join('')), config);
  },
});

fuzz('bootconfig-trailer', {
  seeds: texts.map((text) => buildBootconfig(ramdisk, text)),
  iterations: 20_000,
  parse: (input) => use(source(input), findBootconfig(source(input))),
});
