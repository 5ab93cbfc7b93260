/* A kernel on a block device: parts that would be served from where they lie in a file are kept instead. */
import { openCatalogue } from '../../src/artifact/catalogue.ts';
import { gzipSync } from 'node:zlib';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { buildAndroidBoot } from '../format/android-boot-builder.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { openTree } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { vmlinux } from '../synthetic-kernel.ts';
import { loopDevice, loopNeeds } from './loop-device.ts';

const release = '6.6.1-test';
const mebibyte = 1024 * 1024;

for (const [packing, pack] of Object.entries({ plain: (bytes: Buffer) => bytes, gzip: gzipSync })) {
  const bootOf = (btf: Buffer): Buffer =>
    buildAndroidBoot({ headerVersion: 4, kernel: pack(vmlinux({ release, btf })) });

  testWith(loopNeeds)(`a ${packing} kernel on a boot partition is that of the last reload`, async (t) => {
    const old = buildBtf();
    const other = Buffer.concat([old, Buffer.alloc(4)]);
    const device = loopDevice(t, bootOf(old), 8 * mebibyte);
    const tree = await openTree({ images: [device.path] });
    t.teardown(tree.close);
    t.deepEqual(await tree.read(`${release}/btf/vmlinux`), old);
    device.write(bootOf(other), 0);
    t.deepEqual(await tree.read(`${release}/btf/vmlinux`), old, 'whoever looks before a reload');
    const request = {
      sysroot: undefined,
      images: [device.path],
      modules: [],
      headers: [],
      btf: [],
      configs: [],
      release: undefined,
    };
    const { kernels } = await openCatalogue(request, tree.workshop, tree.catalogue);
    const outcome = await kernels.get(release)?.artifact('btf/vmlinux');
    t.true(outcome?.state === 'ready');
    if (outcome?.state === 'ready') t.deepEqual(await contentBytes(outcome.content, 'btf'), other);
  });
}
