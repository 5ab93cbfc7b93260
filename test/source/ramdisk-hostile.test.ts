/* Ramdisks that were not made by cpio(1): names that lead elsewhere, archives that never end, bytes that are none. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Limits } from '../../src/bytes/limits.ts';
import { IkfsError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { buildAndroidBoot } from '../format/android-boot-builder.ts';
import { buildBootconfig } from '../format/bootconfig-builder.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildCpio } from '../format/cpio-builder.ts';
import type { CpioEntrySpec } from '../format/cpio-builder.ts';
import { buildUImage } from '../format/uimage-builder.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { moduleFile } from '../synthetic-kernel.ts';

const release = '6.6.1-test';

function imageOf(t: ExecutionContext, image: Buffer): string {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = join(folder.path, 'image');
  writeFileSync(path, image);
  return path;
}

async function treeOf(
  t: ExecutionContext,
  image: Buffer,
  limits: Partial<Limits> = {},
): Promise<OpenedTree & { readonly path: string }> {
  const path = imageOf(t, image);
  const tree = await openTree({ modules: [path] }, { limits });
  t.teardown(tree.close);
  return { ...tree, path };
}

async function assertRefused(
  t: ExecutionContext,
  image: Buffer,
  code: ErrorCode,
  message: RegExp,
  limits: Partial<Limits> = {},
): Promise<void> {
  const path = imageOf(t, image);
  const error = await t.throwsAsync(openTree({ modules: [path] }, { limits }), {
    instanceOf: IkfsError,
    code,
  });
  t.regex(error.message, message);
  t.is(error.path, path);
}

/** A module with that name in a folder, as an entry. */
function entry(name: string, of = release): CpioEntrySpec {
  return { name, content: moduleFile(basename(name).replace(/\.ko$/, ''), of) };
}

function findingsOf({ catalogue }: OpenedTree): string {
  return catalogue.kernels.get(release)?.findings.list().join('\n') ?? '';
}

test('only regular files with the names of modules count, and no name becomes a path', async (t) => {
  const content = moduleFile('odd', release);
  const outside = join(temporaryFolder().path, 'escaped');
  const tree = await treeOf(
    t,
    buildCpio([
      entry('./lib/modules/good.ko'),
      entry(`../../../../../..${outside}/up.ko`),
      entry(`${outside}/absolute.ko`),
      { name: 'lib/modules/folder.ko', mode: 0o040755 },
      { name: 'lib/modules/link.ko', mode: 0o120777, content: 'good.ko' },
      { name: 'lib/modules/device.ko', mode: 0o060600 },
      { name: 'lib/modules/empty.ko' },
      { name: 'lib/modules/....ko', content },
      { name: 'lib/modules/bell\u0007.ko', content },
      { name: 'lib/mod\nules/newline.ko', content },
      { name: 'lib/modules/\u202egnp.ko', content },
      { name: 'lib/modules/good.txt', content },
      { name: '', content },
    ]),
  );
  t.deepEqual((await tree.names(`${release}/btf`)).sort(), ['absolute', 'good', 'up']);
  t.deepEqual(await tree.read(`${release}/btf/up`), buildBtf());
  t.false(existsSync(outside));
  t.deepEqual(readdirSync(join(tree.path, '..')), ['image']);
  t.regex(findingsOf(tree), /: 4 files have names that no module can have/);
});

test('of a file that comes twice the last one counts, as in the kernel', async (t) => {
  const first = buildCpio([{ name: 'a.ko', content: moduleFile('a', release, []) }]);
  const tree = await treeOf(t, Buffer.concat([first, gzipSync(buildCpio([entry('./a.ko')]))]));
  t.deepEqual(await tree.read(`${release}/btf/a`), buildBtf());
});

test('modules of two kernels in one ramdisk go to two kernels', async (t) => {
  const tree = await treeOf(
    t,
    buildCpio([
      entry('lib/modules/6.6.1-test/a.ko'),
      entry('usr/lib/modules/6.6.2-other/a.ko', '6.6.2-other'),
    ]),
  );
  t.deepEqual([...tree.catalogue.kernels.keys()], [release, '6.6.2-other']);
  for (const each of tree.catalogue.kernels.keys()) t.deepEqual(await tree.names(`${each}/btf`), ['a']);
});

test('U-Boot wraps a ramdisk, and a boot configuration or something else may follow it', async (t) => {
  const ramdisk = buildCpio([entry('a.ko')]);
  for (const image of [
    buildUImage({ payload: gzipSync(ramdisk), type: 3 }),
    buildBootconfig(gzipSync(ramdisk), 'key = value\n'),
  ]) {
    const tree = await treeOf(t, image);
    t.deepEqual(await tree.names(`${release}/btf`), ['a']);
    t.is(findingsOf(tree), '');
  }
  const followed = await treeOf(t, Buffer.concat([gzipSync(ramdisk), Buffer.from('something else')]));
  t.deepEqual(await followed.names(`${release}/btf`), ['a']);
  t.regex(findingsOf(followed), /: 14 bytes from \d+ are no archive of a ramdisk/);
});

test('what is no ramdisk, is broken or has no modules is refused with the reason', async (t) => {
  const ramdisk = buildCpio([entry('a.ko')]);
  await assertRefused(
    t,
    Buffer.from('a text file'),
    'unsupported',
    /neither a ramdisk nor an image with one/,
  );
  await assertRefused(t, gzipSync('not an archive'), 'unsupported', /is no archive of a ramdisk/);
  await assertRefused(t, gzipSync(ramdisk).subarray(0, -20), 'truncated', /ends inside/);
  await assertRefused(t, ramdisk.subarray(0, 400), 'truncated', /an entry ends at/);
  await assertRefused(
    t,
    buildCpio([{ name: 'init', content: 'x' }]),
    'not-found',
    /no modules in its ramdisks/,
  );
  const kernel = Buffer.from('kernel');
  await assertRefused(
    t,
    buildAndroidBoot({ headerVersion: 4, kernel }),
    'not-found',
    /no modules in its ramdisks/,
  );
});

test('caps hold for entries, archives, and all that comes out', async (t) => {
  const ramdisk = buildCpio([entry('a.ko'), entry('b.ko')]);
  await assertRefused(t, ramdisk, 'limit', /more than 1 files and directories/, { ramdiskEntries: 1 });
  const streams = Buffer.concat([gzipSync(ramdisk), gzipSync(ramdisk)]);
  await assertRefused(t, streams, 'limit', /more than 1 compressed archives/, { streams: 1 });
  const zeros = gzipSync(Buffer.concat([ramdisk, Buffer.alloc(80 * 1024 * 1024)]));
  await assertRefused(t, zeros, 'limit', /expands to more than/);
  await assertRefused(t, gzipSync(ramdisk), 'limit', /expands to more than/, { imageBytes: 500 });
  // A file of a megabyte with sixty names.
  const content = Buffer.concat([moduleFile('a', release), Buffer.alloc(1024 * 1024)]);
  const names = Array.from({ length: 60 }, (_, index) => ({ name: `m${index}.ko`, inode: 1, links: 60 }));
  const linked = buildCpio([...names, { name: 'last.ko', inode: 1, links: 60, content }]);
  await assertRefused(t, linked, 'limit', /expands to more than/, { imageBytes: 32 * 1024 * 1024 });
});
