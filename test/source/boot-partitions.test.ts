/* Android's partitions by name: files behind a --sysroot in place of block devices, with links as Android has them. */
import test from 'ava';
import { mkdirSync, symlinkSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bootPartitions } from '../../src/source/boot-partitions.ts';
import { SystemRoot } from '../../src/source/system-root.ts';
import {
  buildAndroidBoot,
  buildAndroidVendorBoot,
  buildAvbPartition,
} from '../format/android-boot-builder.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildCpio } from '../format/cpio-builder.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { moduleFile, vmlinux, writeFiles } from '../synthetic-kernel.ts';

const byName = 'dev/block/by-name';

/** A system whose partitions are files, each linked by its name as Android's init does it. */
function systemOf(t: ExecutionContext, partitions: Readonly<Record<string, Buffer>>): string {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  mkdirSync(join(folder.path, byName), { recursive: true });
  for (const [index, [name, content]] of Object.entries(partitions).entries()) {
    const device = `/dev/block/sda${index + 1}`;
    writeFiles(folder.path, { [device]: content });
    symlinkSync(device, join(folder.path, byName, name));
  }
  return folder.path;
}

function bootOf(release: string): Buffer {
  const kernel = gzipSync(vmlinux({ release, btf: buildBtf() }));
  const image = buildAndroidBoot({ headerVersion: 4, kernel });
  return buildAvbPartition(image, image.length + 64 * 1024);
}

function ramdiskOf(release: string, ...modules: readonly string[]): Buffer {
  const entries = modules.map((name) => ({
    name: `lib/modules/${name}.ko`,
    content: moduleFile(name, release),
  }));
  return gzipSync(buildCpio([{ name: 'init', content: 'init' }, ...entries]));
}

test('both slots of a system show the kernel and the modules that each of them has', async (t) => {
  const system = systemOf(t, {
    boot_a: bootOf('6.6.1-android15'),
    boot_b: bootOf('6.6.2-android15'),
    vendor_boot_a: buildAndroidVendorBoot({
      headerVersion: 4,
      ramdisks: [
        { content: ramdiskOf('6.6.1-android15', 'one'), type: 1 },
        { content: ramdiskOf('6.6.1-android15', 'two'), type: 3 },
      ],
    }),
    vendor_boot_b: buildAndroidVendorBoot({
      headerVersion: 3,
      ramdisks: [{ content: ramdiskOf('6.6.2-android15', 'three') }],
    }),
    init_boot_a: buildAndroidBoot({ headerVersion: 4, ramdisk: ramdiskOf('6.6.1-android15') }),
    init_boot_b: buildAndroidBoot({ headerVersion: 4, ramdisk: ramdiskOf('6.6.2-android15', 'four') }),
    recovery_a: bootOf('6.6.3-recovery'),
  });
  const tree = await openTree({ sysroot: system });
  t.teardown(tree.close);
  t.deepEqual([...tree.catalogue.kernels.keys()], ['6.6.1-android15', '6.6.2-android15']);
  t.deepEqual(tree.catalogue.rejected, []);
  t.deepEqual((await tree.names('6.6.1-android15/btf')).sort(), ['one', 'two', 'vmlinux']);
  t.deepEqual((await tree.names('6.6.2-android15/btf')).sort(), ['four', 'three', 'vmlinux']);
  t.deepEqual(await tree.read('6.6.2-android15/btf/vmlinux'), buildBtf());
  t.deepEqual(await tree.read('6.6.1-android15/btf/two'), buildBtf());
  const table = (await tree.read('6.6.1-android15/modules.tsv')).toString();
  t.true(table.includes(`two\t${system}/dev/block/sda3:lib/modules/two.ko\tok`), table);
});

test('an older system has it all in one boot partition', async (t) => {
  const release = '5.4.1-android12';
  const boot = buildAndroidBoot({
    headerVersion: 2,
    kernel: gzipSync(vmlinux({ release, btf: buildBtf() })),
    ramdisk: ramdiskOf(release, 'one'),
  });
  const tree = await openTree({ sysroot: systemOf(t, { boot }) });
  t.teardown(tree.close);
  t.deepEqual((await tree.names(`${release}/btf`)).sort(), ['one', 'vmlinux']);
});

test('an empty slot is rejected and does not keep the other from being shown', async (t) => {
  const tree = await openTree({
    sysroot: systemOf(t, { boot_a: Buffer.alloc(64 * 1024), boot_b: bootOf('6.6.2-android15') }),
  });
  t.teardown(tree.close);
  t.deepEqual([...tree.catalogue.kernels.keys()], ['6.6.2-android15']);
  t.true(tree.catalogue.rejected.every(({ source }) => source.endsWith('/dev/block/sda1')));
  t.true(tree.catalogue.rejected.length > 0);
});

test('of a system that runs, only the slot that it runs from and what has no slot count', (t) => {
  const nothing = Buffer.alloc(0);
  const system = systemOf(t, {
    boot_a: nothing,
    boot_b: nothing,
    vendor_boot_b: nothing,
    init_boot: nothing,
  });
  const at = (number: number): string => join(system, `dev/block/sda${number}`);
  t.deepEqual(bootPartitions(new SystemRoot(system), '_b'), {
    kernels: [at(2)],
    ramdisks: [at(3), at(4), at(2)],
  });
  t.deepEqual(bootPartitions(new SystemRoot(system), undefined).kernels, [at(1), at(2)]);
});

test('a link that leads out of another system is not followed', async (t) => {
  const outside = temporaryFolder();
  t.teardown(outside.remove);
  writeFiles(outside.path, { boot: bootOf('6.6.1-outside') });
  const system = systemOf(t, {});
  symlinkSync(join(outside.path, 'boot'), join(system, byName, 'boot'));
  symlinkSync('../../../../../../../../..' + join(outside.path, 'boot'), join(system, byName, 'boot_a'));
  const tree = await openTree({ sysroot: system });
  t.teardown(tree.close);
  t.is(tree.catalogue.kernels.size, 0);
});
