import test from 'ava';
import type { ExecutionContext } from 'ava';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { elfType } from '../../src/format/elf.ts';
import type { ExportedSymbol } from '../../src/format/elf-exports.ts';
import { buildElf } from '../format/elf-builder.ts';
import type { SectionSpec } from '../format/elf-builder.ts';
import { exportContents, moduleWithExports, someExports } from '../format/exports-builder.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { archiveOf } from '../source/ramdisk-builder.ts';
import { bannerOf, configOf, writeFiles } from '../synthetic-kernel.ts';

const release = '6.6.1-test';
const folder = `lib/modules/${release}`;
const rodata: SectionSpec = { name: '.rodata', content: Buffer.from(`\0${bannerOf(release)}\0`) };

function vmlinuxWith(symbols: readonly ExportedSymbol[]): Buffer {
  return buildElf({ type: elfType.executable, sections: [rodata, ...exportContents({ symbols })] });
}

function moduleWith(name: string, crc: number): Buffer {
  const modinfo = Buffer.from(`name=${name}\0vermagic=${release} SMP \0`);
  return moduleWithExports(
    { symbols: [{ name: `${name}_do`, namespace: 'NS', crc, type: 'EXPORT_SYMBOL_GPL' }] },
    [{ name: '.modinfo', content: modinfo }],
  );
}

/** A folder of these files, and a store that outlives a tree over them. */
function system(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Buffer>>,
): Record<'root' | 'store', string> {
  const [root, store] = [temporaryFolder(), temporaryFolder()];
  t.teardown(root.remove);
  t.teardown(store.remove);
  writeFiles(root.path, files);
  return { root: root.path, store: store.path };
}

async function read({ root, store }: Record<'root' | 'store', string>): Promise<{
  lines: string[];
  findings: readonly string[];
  made: number;
  opened: number;
}> {
  const tree = await openTree({ sysroot: root }, { store });
  try {
    const text = (await tree.read(`${release}/Module.symvers`)).toString();
    const findings = tree.catalogue.kernels.get(release)?.findings.list() ?? [];
    const { made, reads } = tree.workshop;
    return { lines: text.split('\n').slice(0, -1), findings, made: made.artifacts, opened: reads.files };
  } finally {
    tree.close();
  }
}

test('Module.symvers has the kernel first and then its modules, called as kbuild calls them', async (t) => {
  const files = system(t, {
    'boot/vmlinux': vmlinuxWith(someExports(2)),
    [`${folder}/kernel/drivers/net/b-b.ko`]: moduleWith('b_b', 2),
    [`${folder}/kernel/a.ko.gz`]: gzipSync(moduleWith('a', 1)),
    [`${folder}/updates/dkms/c.ko`]: moduleWith('c', 3),
    [`${folder}/kernel/c.ko`]: moduleWith('c', 4),
  });
  const { lines, findings } = await read(files);
  t.deepEqual(lines, [
    '0x9e3779b1\tsymbol_00000\tvmlinux\tEXPORT_SYMBOL\t',
    '0x3c6ef362\tsymbol_00001\tvmlinux\tEXPORT_SYMBOL_GPL\t',
    '0x00000001\ta_do\ta\tEXPORT_SYMBOL_GPL\tNS',
    '0x00000002\tb_b_do\tdrivers/net/b-b\tEXPORT_SYMBOL_GPL\tNS',
    '0x00000003\tc_do\tupdates/dkms/c\tEXPORT_SYMBOL_GPL\tNS',
  ]);
  t.deepEqual(findings, []);
});

test('Module.symvers is kept until a module is another one, or lies elsewhere', async (t) => {
  const files = system(t, {
    'boot/vmlinux': vmlinuxWith(someExports(2)),
    [`${folder}/kernel/a.ko`]: moduleWith('a', 1),
  });
  const first = await read(files);
  const again = await read(files);
  t.deepEqual(again.lines, first.lines);
  t.is(again.made, 0);
  t.true(again.opened < first.opened, 'no module is opened');

  writeFiles(files.root, {
    [`${folder}/kernel/a.ko`]: Buffer.concat([moduleWith('a', 9), Buffer.from('signature')]),
  });
  t.true((await read(files)).lines.includes('0x00000009\ta_do\ta\tEXPORT_SYMBOL_GPL\tNS'));
  writeFiles(files.root, { [`${folder}/kernel/fs/none`]: '' });
  renameSync(join(files.root, folder, 'kernel/a.ko'), join(files.root, folder, 'kernel/fs/a.ko'));
  t.true((await read(files)).lines.includes('0x00000009\ta_do\tfs/a\tEXPORT_SYMBOL_GPL\tNS'));
  rmSync(join(files.root, folder, 'kernel/fs/a.ko'));
  t.is((await read(files)).lines.length, 2);
});

test('a module that can not be read leaves the lines of the others, and is told of each time', async (t) => {
  const files = system(t, {
    'boot/vmlinux': vmlinuxWith(someExports(2)),
    [`${folder}/kernel/a.ko`]: moduleWith('a', 1),
    [`${folder}/kernel/broken.ko`]: moduleWith('broken', 1).subarray(0, 100),
    [`${folder}/kernel/text.ko`]: 'no module',
  });
  for (const time of ['first', 'second']) {
    const { lines, findings } = await read(files);
    t.is(lines.length, 3, time);
    t.regex(findings.join('\n'), /nothing of broken: .*broken\.ko/, time);
    t.regex(findings.join('\n'), /nothing of text: .*not a kernel module/, time);
  }
});

test('a kernel whose exports are not known has no Module.symvers, and status says why', async (t) => {
  const reasons: [string, Record<string, string | Buffer>, RegExp][] = [
    [
      'no table',
      { 'boot/vmlinux': buildElf({ type: elfType.executable, sections: [rodata] }) },
      /CONFIG_MODULES is off/,
    ],
    [
      'flat',
      { 'boot/Image': Buffer.concat([Buffer.alloc(64), rodata.content as Buffer]) },
      /can be told in the flat image/,
    ],
  ];
  for (const [what, files, reason] of reasons) {
    const { root, store } = system(t, { ...files, [`${folder}/kernel/a.ko`]: moduleWith('a', 1) });
    const tree = await openTree({ sysroot: root }, { store });
    t.teardown(tree.close);
    t.true((await tree.names(release)).includes('Module.symvers'), `${what}: it may be there`);
    await t.throwsAsync(tree.read(`${release}/Module.symvers`), { code: 'not-found' }, what);
    t.regex((await tree.read('status.json')).toString(), reason, what);
    t.false((await tree.names(release)).includes('Module.symvers'), what);
  }
});

test('Module.symvers is not listed without an image, nor where the configuration denies modules', async (t) => {
  const one = system(t, { [`${folder}/kernel/a.ko`]: moduleWith('a', 1) });
  const other = system(t, {
    'boot/vmlinux': buildElf({ type: elfType.executable, sections: [rodata] }),
    [`boot/config-${release}`]: configOf('6.6.1', { BTF: 'y' }),
  });
  for (const { root, store } of [one, other]) {
    const tree = await openTree({ sysroot: root }, { store });
    t.teardown(tree.close);
    t.false((await tree.names(release)).includes('Module.symvers'));
  }
});

testWith(['tool:cpio'])(
  'modules of a ramdisk are called by their paths in its folder of modules',
  async (t) => {
    const { root, store } = system(t, {
      vmlinux: vmlinuxWith(someExports(1)),
      initrd: archiveOf({ [`usr/${folder}/kernel/fs/a.ko`]: moduleWith('a', 1) }),
      ramdisk: archiveOf({ 'lib/modules/b.ko': moduleWith('b', 2) }),
    });
    const [images, modules] = [[join(root, 'vmlinux')], [join(root, 'initrd'), join(root, 'ramdisk')]];
    for (const time of ['first', 'second']) {
      const tree = await openTree({ images, modules }, { store });
      t.teardown(tree.close);
      const lines = (await tree.read(`${release}/Module.symvers`)).toString().split('\n');
      t.deepEqual(
        lines.map((line) => line.split('\t')[2]),
        ['vmlinux', 'fs/a', 'b', undefined],
        time,
      );
      t.is(tree.workshop.made.artifacts === 0, time === 'second');
    }
  },
);
