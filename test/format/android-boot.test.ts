import test from 'ava';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteRange } from '../../src/bytes/byte-range.ts';
import { MemorySource, WindowSource } from '../../src/bytes/byte-source.ts';
import { isAndroidBoot, parseAndroidBoot } from '../../src/format/android-boot.ts';
import type { AndroidBoot } from '../../src/format/android-boot.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { buildAndroidBoot } from './android-boot-builder.ts';
import { CountingSource } from './counting-source.ts';
import { errorCode } from './error-code.ts';

const kernel = Buffer.alloc(5000, 'kernel');
const ramdisk = Buffer.alloc(3000, 'ramdisk');
const second = Buffer.alloc(10, 'second');
const recoveryDtbo = Buffer.alloc(4097, 'dtbo');
const dtb = Buffer.alloc(2048, 'dtb');
const parse = (bytes: Buffer): AndroidBoot => parseAndroidBoot(new MemorySource('boot.img', bytes));

function bytesOf(image: Buffer, range: ByteRange | undefined): Buffer | undefined {
  return range && image.subarray(range.offset, range.offset + range.size);
}

for (const headerVersion of [0, 1, 2]) {
  test(`parseAndroidBoot finds the parts of version ${headerVersion}`, (t) => {
    for (const pageSize of [2048, 4096, 16384, 65536]) {
      const image = buildAndroidBoot({
        headerVersion,
        pageSize,
        kernel,
        ramdisk,
        second,
        ...(headerVersion >= 1 && { recoveryDtbo }),
        ...(headerVersion === 2 && { dtb }),
      });
      const parsed = parse(image);
      t.is(parsed.headerVersion, headerVersion);
      t.is(parsed.kernel?.offset, pageSize);
      t.deepEqual(bytesOf(image, parsed.kernel), kernel);
      t.deepEqual(bytesOf(image, parsed.ramdisk), ramdisk);
      t.deepEqual(bytesOf(image, parsed.second), second);
      t.deepEqual(bytesOf(image, parsed.recoveryDtbo), headerVersion >= 1 ? recoveryDtbo : undefined);
      t.deepEqual(bytesOf(image, parsed.dtb), headerVersion === 2 ? dtb : undefined);
    }
  });
}

for (const headerVersion of [3, 4]) {
  test(`parseAndroidBoot finds the parts of version ${headerVersion}`, (t) => {
    const image = buildAndroidBoot({ headerVersion, kernel, ramdisk, commandLine: 'quiet' });
    const parsed = parse(image);
    t.like(parsed, { headerVersion, kernel: { offset: 4096, size: 5000 }, commandLine: 'quiet' });
    t.deepEqual(bytesOf(image, parsed.ramdisk), ramdisk);
    t.is(parsed.second ?? parsed.recoveryDtbo ?? parsed.dtb, undefined);
  });
}

test('parseAndroidBoot finds no kernel in an init_boot image', (t) => {
  const parsed = parse(buildAndroidBoot({ headerVersion: 4, ramdisk }));
  t.is(parsed.kernel, undefined);
  t.deepEqual(parsed.ramdisk, { offset: 4096, size: ramdisk.length });
});

test('parseAndroidBoot takes a device tree size in place of the version for version 0', (t) => {
  const table = Buffer.alloc(6000, 'QCDT');
  const image = buildAndroidBoot({ headerVersion: table.length, kernel, ramdisk, second, dtb: table });
  const parsed = parse(image);
  t.is(parsed.headerVersion, 0);
  t.deepEqual(bytesOf(image, parsed.kernel), kernel);
  t.deepEqual(bytesOf(image, parsed.dtb), table);
  const noTable = parse(buildAndroidBoot({ headerVersion: 0x20000000, kernel, ramdisk }));
  t.is(noTable.dtb, undefined);
  t.deepEqual(noTable.kernel, parsed.kernel);
});

test('parseAndroidBoot passes over what a maker puts behind a header of version 0', (t) => {
  const image = buildAndroidBoot({ headerVersion: 0, kernel, ramdisk });
  image.write('Cairo SIGN', 1632);
  t.like(parse(image), { recoveryDtbo: undefined, dtb: undefined, kernel: { offset: 2048, size: 5000 } });
});

test('parseAndroidBoot joins the two fields of an old command line', (t) => {
  const line = (commandLine: string, extraCommandLine: string): string =>
    parse(buildAndroidBoot({ headerVersion: 0, kernel, commandLine, extraCommandLine })).commandLine;
  const long = 'a'.repeat(512);
  t.is(line('console=tty0', ''), 'console=tty0');
  t.is(line('', 'quiet'), 'quiet');
  t.is(line('console=tty0', 'quiet'), 'console=tty0 quiet');
  t.is(line(long, 'bc'), `${long}bc`);
  t.is(line(long.slice(1), 'bc'), `${long.slice(1)}bc`);
  t.is(line(long, 'b'.repeat(1024)).length, 1536);
});

test('parseAndroidBoot decodes the version and the month of the patches', (t) => {
  const osVersion = (field: number, headerVersion: number): unknown => {
    const parsed = parse(buildAndroidBoot({ headerVersion, kernel, osVersion: field }));
    return [parsed.osVersion, parsed.patchLevel];
  };
  for (const headerVersion of [0, 1, 3, 4]) {
    t.deepEqual(osVersion(0, headerVersion), [undefined, undefined]);
    t.deepEqual(osVersion(((8 << 25) | (1 << 18) | (17 << 4) | 12) >>> 0, headerVersion), [
      '8.1.0',
      '2017-12',
    ]);
    t.deepEqual(osVersion(0xfffffff9, headerVersion), ['127.127.127', '2127-09']);
  }
});

test('parseAndroidBoot names what is wrong', (t) => {
  const image = buildAndroidBoot({ headerVersion: 2, kernel, ramdisk, second, recoveryDtbo, dtb });
  const changed = (offset: number, value: number): Buffer => {
    const bytes = Buffer.from(image);
    bytes.writeUInt32LE(value, offset);
    return bytes;
  };
  const code = (bytes: Buffer): string => errorCode(() => parse(bytes));
  t.is(code(image), 'none');
  t.is(code(image.subarray(0, -1)), 'truncated');
  t.is(code(image.subarray(0, 1000)), 'truncated');
  t.is(code(Buffer.from('ANDROID!')), 'truncated');
  t.is(code(Buffer.alloc(4096)), 'corrupt');
  t.is(code(Buffer.alloc(0)), 'corrupt');
  for (const size of [8, 16, 24, 1632, 1648]) t.is(code(changed(size, 0xffffffff)), 'truncated');
  for (const pageSize of [0, 1024, 2049, 6144, 131072, 0x80000000]) {
    t.is(code(changed(36, pageSize)), 'corrupt');
  }
  t.is(code(changed(1636, 0xffffffff)), 'truncated');
  t.is(code(changed(1640, 0xffffffff)), 'corrupt');
  const later = buildAndroidBoot({ headerVersion: 4, kernel });
  later.writeUInt32LE(5, 40);
  t.is(code(later), 'unsupported');
  t.false(isAndroidBoot(Buffer.from('ANDROID')));
});

test('parseAndroidBoot reads the header only', (t) => {
  const image = new CountingSource('boot.img', buildAndroidBoot({ headerVersion: 2, kernel, ramdisk, dtb }));
  parseAndroidBoot(image);
  t.is(image.reads, 1);
  t.is(image.bytes, 1660);
});

/** What unpack_bootimg finds: its words, and the files that it writes. */
function unpacked(
  image: string,
  folder: string,
): { said: Map<string, string>; file: (name: string) => Buffer | undefined } {
  const out = join(folder, 'out');
  const text = execFileSync('unpack_bootimg', ['--boot_img', image, '--out', out], { encoding: 'utf8' });
  const said = new Map(text.split('\n').map((line) => line.split(': ', 2) as [string, string]));
  const file = (name: string): Buffer | undefined =>
    existsSync(join(out, name)) ? readFileSync(join(out, name)) : undefined;
  return { said, file };
}

for (const headerVersion of [0, 1, 2, 3]) {
  testWith(['tool:mkbootimg', 'tool:unpack_bootimg'])(
    `parseAndroidBoot finds in version ${headerVersion} by mkbootimg what unpack_bootimg finds`,
    (t) => {
      const folder = temporaryFolder();
      t.teardown(folder.remove);
      const image = join(folder.path, 'boot.img');
      const parts: Record<string, Buffer> = { kernel, ramdisk };
      if (headerVersion < 3) parts['second'] = second;
      if (headerVersion === 2) parts['dtb'] = dtb;
      const given = Object.entries(parts).flatMap(([name, content]) => {
        writeFileSync(join(folder.path, name), content);
        return [`--${name}`, join(folder.path, name)];
      });
      const commandLine = `console=ttyMSM0 ${'x'.repeat(900)}`;
      const options = `--header_version ${headerVersion} --os_version 11.0.3 --os_patch_level 2021-07 --pagesize 4096`;
      execFileSync('mkbootimg', [...given, ...options.split(' '), '--cmdline', commandLine, '-o', image]);
      const bytes = readFileSync(image);
      const parsed = parse(bytes);
      const { said, file } = unpacked(image, folder.path);
      t.is(said.get('boot image header version'), String(parsed.headerVersion));
      t.is(parsed.osVersion, said.get('os version'));
      t.is(parsed.patchLevel, said.get('os patch level'));
      t.is(parsed.commandLine, commandLine);
      for (const part of ['kernel', 'ramdisk', 'second', 'dtb'] as const) {
        t.deepEqual(bytesOf(bytes, parsed[part]), file(part), part);
      }
      // A partition is larger than its image, and an image may lie in another file.
      const partition = Buffer.concat([Buffer.alloc(512), bytes, Buffer.alloc(100_000)]);
      const inside = new WindowSource(new MemorySource('sda1', partition), 512, partition.length - 512);
      t.deepEqual(parseAndroidBoot(inside), parsed);
    },
  );
}
