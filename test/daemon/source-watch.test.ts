import test from 'ava';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceWatch } from '../../daemon/source-watch.ts';
import { buildBtf } from '../format/btf-builder.ts';
import { startDaemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { moduleFile, vmlinux, writeFiles } from '../synthetic-kernel.ts';
import { folderOf } from './ikfs.ts';
import { eventually } from './service.ts';

test('changes that follow one another are told once, when there are no more', async (t) => {
  const folder = folderOf(t);
  let told = 0;
  const watch = new SourceWatch(() => (told += 1), { quiet: 100, longest: 10_000 });
  t.teardown(() => {
    watch.close();
  });
  watch.follow(new Set([folder, join(folder, 'missing')]));
  for (let i = 0; i < 20; ++i) writeFileSync(join(folder, `file ${i}`), 'x');
  await eventually('it is told', () => told > 0);
  t.is(told, 1);
  rmSync(join(folder, 'file 0'));
  await eventually('it is told again', () => told === 2);
});

test('changes that never end are told all the same', async (t) => {
  const folder = folderOf(t);
  let told = 0;
  const watch = new SourceWatch(() => (told += 1), { quiet: 5000, longest: 50 });
  watch.follow(new Set([folder]));
  let written = 0;
  await eventually('it is told', () => {
    writeFileSync(join(folder, 'file'), String((written += 1)));
    return told > 0;
  });
  watch.close();
  t.pass();
});

testWith(['root', 'mount', 'addon'])(
  'kernels and modules that are installed show by themselves',
  async (t) => {
    const { path: system, remove } = temporaryFolder();
    t.teardown(remove);
    const [first, second] = ['6.6.1-test', '6.6.2-test'];
    writeFiles(system, {
      'boot/vmlinux': vmlinux({ release: first, btf: buildBtf() }),
      [`lib/modules/${first}/kernel/one.ko`]: moduleFile('one', first),
    });
    const daemon = await startDaemon(['--sysroot', system]);
    t.teardown(daemon.stop);
    const list = (path: string): Promise<string[]> => readdir(join(daemon.mountpoint, path));
    t.deepEqual(await list(`${first}/btf`), ['one', 'vmlinux']);

    // As DKMS does: a module, then depmod's lists.
    mkdirSync(join(system, 'lib/modules', first, 'updates'));
    writeFileSync(join(system, 'lib/modules', first, 'updates', 'two.ko'), moduleFile('two', first));
    writeFileSync(join(system, 'lib/modules', first, 'modules.dep.new'), '');
    renameSync(
      join(system, 'lib/modules', first, 'modules.dep.new'),
      join(system, 'lib/modules', first, 'modules.dep'),
    );
    await eventually('the new module is listed', async () => (await list(`${first}/btf`)).includes('two'));

    writeFiles(system, {
      [`lib/modules/${second}/kernel/one.ko`]: moduleFile('one', second),
      'boot/vmlinux-2': vmlinux({ release: second, btf: buildBtf() }),
    });
    await eventually('the new kernel is listed', async () => (await list('')).includes(second));
    t.deepEqual((await list(`${second}/btf`)).sort(), ['one', 'vmlinux']);
    rmSync(join(system, 'boot/vmlinux-2'));
    rmSync(join(system, 'lib/modules', second), { recursive: true });
    await eventually('it is gone', async () => !(await list('')).includes(second));
  },
);
