/* Block devices instead of files: partitions, made with losetup(8). */
import { statSync, utimesSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { openCatalogue } from '../../src/artifact/catalogue.ts';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { ReadTally } from '../../src/bytes/descriptor-source.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { IkfsError } from '../../src/errors.ts';
import { identifyDevice } from '../../src/source/device-image.ts';
import { buildAndroidVendorBoot, buildAvbPartition } from '../format/android-boot-builder.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { buildCpio } from '../format/cpio-builder.ts';
import { openTree } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { btfSection, moduleFile } from '../synthetic-kernel.ts';
import { loopDevice, loopNeeds } from './loop-device.ts';

const release = '6.6.1-test';
const mebibyte = 1024 * 1024;
const request = { sysroot: undefined, images: [], headers: [], btf: [], configs: [], release: undefined };

/** A vendor_boot image with one module, whose BTF is longer by some bytes. */
function vendorBoot(more = 0): Buffer {
  const btf = Buffer.concat([buildBtf(), Buffer.alloc(more)]);
  const ramdisk = gzipSync(
    buildCpio([{ name: 'a.ko', content: moduleFile('a', release, [btfSection(btf)]) }]),
  );
  return buildAndroidVendorBoot({ headerVersion: 4, ramdisks: [{ content: ramdisk }], bootconfig: 'a = b' });
}

async function btfOf(tree: Pick<OpenedTree, 'catalogue'>): Promise<Buffer> {
  const outcome = await tree.catalogue.kernels.get(release)?.moduleArtifact('btf', 'a');
  if (outcome?.state !== 'ready') throw new Error(`no BTF: ${JSON.stringify(outcome)}`);
  return await contentBytes(outcome.content, 'btf');
}

testWith(loopNeeds)('the length of a device is found, of whatever number of sectors it is', async (t) => {
  for (const sectors of [1, 2, 3, 2047, 2048, 2049, 70_001]) {
    const { path } = loopDevice(t, Buffer.alloc(0), sectors * 512);
    const device = FileSource.openDevice(path);
    t.is(device.size, sectors * 512);
    device.close();
    t.is(statSync(path).size, 0, 'what stat tells');
  }
});

testWith(loopNeeds)('a device is only opened where one is expected', async (t) => {
  const { path } = loopDevice(t, Buffer.alloc(0), 512);
  const refused = { instanceOf: IkfsError, code: 'wrong-kind' };
  t.throws(() => FileSource.open(path), refused);
  t.throws(() => FileSource.openDevice('/dev/null'), refused);
  t.throws(() => FileSource.openDevice(import.meta.filename), refused);
});

testWith(loopNeeds)('a device is known by all bytes that are used of it, and by no others', async (t) => {
  const image = vendorBoot();
  const device = loopDevice(t, image, 8 * mebibyte);
  const tally = new ReadTally();
  const known = await identifyDevice(device.path, defaultLimits, tally);
  t.true(known.size <= image.length);
  t.true(tally.bytes < image.length + mebibyte, 'padding is not read');
  const identify = async (): Promise<string> => (await identifyDevice(device.path, defaultLimits)).digest;
  device.write(Buffer.from('behind'), 4 * mebibyte);
  t.is(await identify(), known.digest);
  const last = image.lastIndexOf('a = b');
  for (const offset of [28, 3000, last]) {
    const before = await identify();
    device.write(Buffer.from([0xff]), offset);
    t.not(await identify(), before, `byte ${offset}`);
  }
});

testWith(loopNeeds)('a footer of AVB tells what is used of other images', async (t) => {
  const image = Buffer.from('a kernel of some kind'.repeat(1000));
  const { path } = loopDevice(t, buildAvbPartition(image, mebibyte), mebibyte);
  t.is((await identifyDevice(path, defaultLimits)).size, image.length);
  const plain = loopDevice(t, image, mebibyte);
  t.is((await identifyDevice(plain.path, defaultLimits)).size, mebibyte);
  const error = await t.throwsAsync(identifyDevice(plain.path, { ...defaultLimits, imageBytes: 1000 }), {
    instanceOf: IkfsError,
    code: 'limit',
  });
  t.regex(error.message, /does not say how many of them hold an image/);
});

testWith(loopNeeds)(
  'a vendor_boot partition that is written anew shows its new modules after a reload',
  async (t) => {
    const device = loopDevice(t, vendorBoot(), 8 * mebibyte);
    const tree = await openTree({ modules: [device.path] });
    t.teardown(tree.close);
    t.is((await btfOf(tree)).length, buildBtf().length);
    const outcome = await tree.catalogue.kernels.get(release)?.moduleArtifact('btf', 'a');
    t.is(outcome?.state === 'ready' ? outcome.provenance.source : undefined, `${device.path}:a.ko`);
    const again = { ...request, modules: [device.path] };
    const same = await openCatalogue(again, tree.workshop, tree.catalogue);
    t.is(same.kernels.get(release), tree.catalogue.kernels.get(release), 'nothing has changed');
    const { atime, mtime } = statSync(device.path);
    device.write(vendorBoot(4), 0);
    // As when it is written to through another node, or between two starts of the system.
    utimesSync(device.path, atime, mtime);
    const changed = await openCatalogue(again, tree.workshop, same);
    t.is((await btfOf({ catalogue: changed })).length, buildBtf().length + 4);
    device.write(vendorBoot(), 0);
    const { artifacts } = tree.workshop.made;
    t.is((await btfOf({ catalogue: await openCatalogue(again, tree.workshop) })).length, buildBtf().length);
    t.is(tree.workshop.made.artifacts, artifacts, 'what was there before is still known');
  },
);
