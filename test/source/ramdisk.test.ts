/*
 * Modules in ramdisks: made by cpio, the compressors and mkbootimg, with modules of the corpus kernel whose BTF is known
 * from objcopy. There is no image of a real Android device here.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { buildAndroidBoot, buildAndroidVendorBoot } from '../format/android-boot-builder.ts';
import { corpusRelease, corpusTruth, sha256 } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { writeFiles } from '../synthetic-kernel.ts';
import {
  androidRamdisk,
  archiveOf,
  corpusModule,
  corpusModules,
  mkbootimg,
  moduleName,
  packed,
  packings,
} from './ramdisk-builder.ts';

const needs = ['corpus', 'tool:cpio'] as const;

/** The tree over an image that is given with --modules; both go with the test. */
async function treeOf(t: ExecutionContext, image: Buffer): Promise<OpenedTree & { readonly path: string }> {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = join(folder.path, 'image');
  writeFileSync(path, image);
  const tree = await openTree({ modules: [path] });
  t.teardown(tree.close);
  return { ...tree, path };
}

/** Asserts that the tree has these modules and no others, each with the BTF that objcopy found in it. */
async function assertModules(
  t: ExecutionContext,
  tree: OpenedTree,
  modules: readonly string[] = corpusModules,
): Promise<void> {
  const names = (await tree.names(`${corpusRelease}/btf`)).filter((name) => name !== 'vmlinux');
  t.deepEqual(names.sort(), modules.map(moduleName).sort());
  const truth = corpusTruth();
  for (const name of modules.map(moduleName)) {
    t.is(
      sha256(await tree.read(`${corpusRelease}/btf/${name}`)),
      truth[`btf/${name}`]?.sha256 as string,
      name,
    );
  }
}

for (const [name, words] of Object.entries(packings)) {
  const tools = words ? [`tool:${words[0]}` as const] : [];
  testWith([...needs, ...tools])(`an initramfs has its modules' BTF, packing: ${name}`, async (t) => {
    const files = corpusModules.map((path): [string, Buffer] => [
      `usr/lib/modules/${corpusRelease}/${path}`,
      corpusModule(path),
    ]);
    const initramfs = packed(name as keyof typeof packings, archiveOf(Object.fromEntries(files)));
    const tree = await treeOf(t, initramfs);
    await assertModules(t, tree);
    const outcome = await tree.catalogue.kernels.get(corpusRelease)?.moduleArtifact('btf', 'vsock');
    const provenance = outcome?.state === 'ready' ? outcome.provenance : undefined;
    t.is(provenance?.source, `${tree.path}:usr/lib/modules/${corpusRelease}/${corpusModules[1]}`);
    t.deepEqual(
      provenance?.steps.map((step) => step.name),
      [...(words ? [name] : []), 'cpio', 'ELF x86-64'],
    );
  });
}

testWith([...needs, 'tool:zstd', 'tool:gzip'])('archives one behind the other are all read', async (t) => {
  const [first, second] = corpusModules.map((path) => androidRamdisk([path]));
  const microcode = archiveOf({ 'kernel/x86/microcode/GenuineIntel.bin': Buffer.alloc(5000, 7) });
  const compressed = [packed('zstd', first as Buffer), packed('gzip', second as Buffer)];
  // The zeros between them are of lengths that put what follows at no particular place.
  for (const zeros of [0, 1, 510]) {
    const gap = Buffer.alloc(zeros);
    const [a, b] = compressed as [Buffer, Buffer];
    await assertModules(t, await treeOf(t, Buffer.concat([microcode, a, gap, b, gap])));
  }
});

testWith(['tool:xz', ...needs])(
  'modules that are compressed themselves, and kheaders.ko, are read',
  async (t) => {
    const folder = `lib/modules/${corpusRelease}`;
    const tree = await treeOf(
      t,
      archiveOf({
        [`${folder}/kernel/vsock.ko.xz`]: packed('xz', corpusModule(corpusModules[1])),
        [`${folder}/kernel/kheaders.ko`]: corpusModule('kernel/kernel/kheaders.ko'),
      }),
    );
    const truth = corpusTruth();
    for (const name of ['btf/vsock', 'kheaders.tar.xz']) {
      t.is(sha256(await tree.read(`${corpusRelease}/${name}`)), truth[name]?.sha256 as string, name);
    }
    t.true((await tree.names(`${corpusRelease}/build`)).includes('include'));
  },
);

testWith([...needs, 'tool:mkbootimg', 'tool:lz4'])(
  'vendor_boot v3 has the modules of its ramdisk',
  async (t) => {
    const files = { ramdisk: packed('lz4-legacy', androidRamdisk()), dtb: Buffer.alloc(100, 1) };
    const options = ['--header_version', '3', '--vendor_ramdisk', 'ramdisk', '--dtb', 'dtb'];
    await assertModules(t, await treeOf(t, mkbootimg(files, ...options, '--vendor_boot', 'image')));
  },
);

testWith([...needs, 'tool:lz4', 'tool:gzip'])(
  'vendor_boot v4 has the modules of all its ramdisks, and a recovery ramdisk replaces none',
  async (t) => {
    const [one, other] = corpusModules;
    const broken = archiveOf({ [`lib/modules/${moduleName(one)}.ko`]: 'no module' });
    const image = buildAndroidVendorBoot({
      headerVersion: 4,
      ramdisks: [
        { content: packed('gzip', androidRamdisk([one])), type: 1, name: 'platform' },
        { content: packed('lz4-legacy', androidRamdisk([other])), type: 3, name: 'dlkm' },
        { content: packed('gzip', broken), type: 2, name: 'recovery' },
      ],
      bootconfig: 'androidboot.hardware=test\n',
    });
    await assertModules(t, await treeOf(t, image));
  },
);

for (const version of [0, 1, 2, 3]) {
  testWith([...needs, 'tool:mkbootimg', 'tool:gzip'])(
    `a boot image v${version} of mkbootimg has the modules of its ramdisk`,
    async (t) => {
      const ramdisk = packed('gzip', androidRamdisk());
      const files = { ramdisk, kernel: Buffer.from('no kernel at all'), dtb: Buffer.alloc(100, 1) };
      const options = ['--header_version', String(version), '--kernel', 'kernel', '--ramdisk', 'ramdisk'];
      if (version === 2) options.push('--dtb', 'dtb');
      await assertModules(t, await treeOf(t, mkbootimg(files, ...options, '--output', 'image')));
    },
  );
}

// Debian's mkbootimg knows no version 4, and makes none without a kernel.
for (const version of [0, 1, 2, 3, 4]) {
  testWith([...needs, 'tool:gzip'])(
    `a boot image v${version} that has a ramdisk only (init_boot) has its modules`,
    async (t) => {
      const ramdisk = packed('gzip', androidRamdisk());
      await assertModules(t, await treeOf(t, buildAndroidBoot({ headerVersion: version, ramdisk })));
    },
  );
}

testWith([...needs, 'tool:gzip'])(
  'a module in a folder goes before the same in a ramdisk, whose path tells both',
  async (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const release = `lib/modules/${corpusRelease}`;
    writeFiles(folder.path, { [`${release}/kernel/vsock.ko`]: corpusModule(corpusModules[1]) });
    const image = join(folder.path, 'vendor_boot.img');
    writeFileSync(
      image,
      buildAndroidVendorBoot({
        headerVersion: 3,
        ramdisks: [{ content: packed('gzip', androidRamdisk()) }],
      }),
    );
    const vmlinuz = join(corpusRoot(), `boot/vmlinuz-${corpusRelease}`);
    const modules = [image, join(folder.path, release)];
    const tree = await openTree({ images: [vmlinuz], modules });
    t.teardown(tree.close);
    await assertModules(t, tree);
    const table = (await tree.read(`${corpusRelease}/modules.tsv`)).toString();
    t.regex(table, new RegExp(`^vsock\t${join(folder.path, release)}/kernel/vsock.ko\tok\t`, 'm'));
    t.regex(table, new RegExp(`^nf_nat\t${image}:lib/modules/nf_nat.ko\tok\t`, 'm'));
    t.deepEqual(
      tree.catalogue.kernels
        .get(corpusRelease)
        ?.modules()
        .shadowed.map(({ path }) => path),
      [`${image}:lib/modules/vsock.ko`],
    );
    t.regex((await tree.read('status.json')).toString(), new RegExp(`"ramdisks":\\["${image}"\\]`));
  },
);

testWith([...needs, 'tool:gzip'])('a ramdisk is unpacked once', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const image = join(folder.path, 'ramdisk');
  writeFileSync(image, packed('gzip', androidRamdisk()));
  const store = join(folder.path, 'store');
  const counts: number[] = [];
  for (let time = 0; time < 2; time += 1) {
    const tree = await openTree({ modules: [image] }, { store });
    await assertModules(t, tree);
    counts.push(tree.workshop.made.artifacts, tree.workshop.reads.bytes);
    tree.close();
  }
  t.is(counts[0], 1);
  t.true((counts[1] as number) >= readFileSync(image).length);
  t.deepEqual(counts.slice(2), [0, 0], 'the second time nothing is read of it');
});

testWith([...needs, 'tool:objcopy'])(
  'what objcopy takes from a module is what a ramdisk of it shows',
  async (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const path = join(folder.path, 'nf_nat.ko');
    writeFileSync(path, corpusModule(corpusModules[0]));
    execFileSync('objcopy', ['--dump-section', `.BTF=${path}.btf`, path]);
    const tree = await treeOf(t, androidRamdisk());
    t.deepEqual(await tree.read(`${corpusRelease}/btf/nf_nat`), readFileSync(`${path}.btf`));
  },
);
