import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { buildBtf, intType } from '../format/btf-builder.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { btfSection, moduleFile, vmlinux, writeFiles } from '../synthetic-kernel.ts';
import { startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

const release = '6.6.1-test';
const needs = ['root', 'mount', 'addon'] as const;

/** Waits for something to become true. @throws Error when it does not within ten seconds */
async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A mounted system of files that the test may change. */
async function mountedSystem(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ daemon: Daemon; at: (path: string) => string; system: string }> {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  writeFiles(folder.path, files);
  const daemon = await startDaemon(['--sysroot', folder.path, '--transport', 'kernel']);
  t.teardown(daemon.stop);
  return { daemon, at: (path) => join(daemon.mountpoint, path), system: folder.path };
}

const modules = `lib/modules/${release}/kernel`;
const otherBtf = buildBtf({ types: Buffer.concat([intType('little'), intType('little')]) });

testWith(needs)('a module that is added, replaced or removed shows after SIGHUP', async (t) => {
  const { daemon, at, system } = await mountedSystem(t, {
    'boot/vmlinux': vmlinux({ release, btf: buildBtf() }),
    [`${modules}/stays.ko`]: moduleFile('stays', release),
    [`${modules}/changes.ko`]: moduleFile('changes', release),
    [`${modules}/goes.ko`]: moduleFile('goes', release),
  });
  const btf = (name: string): string => at(`${release}/btf/${name}`);
  t.deepEqual(await readdir(btf('')), ['changes', 'goes', 'stays', 'vmlinux']);
  const staysBefore = await stat(btf('stays'));
  t.deepEqual(await readFile(btf('changes')), buildBtf());
  await t.throwsAsync(stat(btf('comes')), { code: 'ENOENT' });
  const held = await open(btf('changes'));

  writeFileSync(join(system, modules, 'comes.ko'), moduleFile('comes', release));
  writeFileSync(join(system, modules, 'new'), moduleFile('changes', release, [btfSection(otherBtf)]));
  renameSync(join(system, modules, 'new'), join(system, modules, 'changes.ko'));
  rmSync(join(system, modules, 'goes.ko'));
  daemon.process.kill('SIGHUP');
  await eventually('the new module is listed', async () => (await readdir(btf(''))).includes('comes'));

  t.deepEqual(await readdir(btf('')), ['changes', 'comes', 'stays', 'vmlinux']);
  await eventually('the new module is there', () => exists(btf('comes')));
  t.deepEqual(await readFile(btf('comes')), buildBtf());
  await eventually('the new BTF is read', async () => (await readFile(btf('changes'))).equals(otherBtf));
  await eventually('the removed module is gone', async () => !(await exists(btf('goes'))));
  t.is((await stat(btf('stays'))).ino, staysBefore.ino);
  // Who has had the file open all the time still reads what it was.
  t.deepEqual(await held.readFile(), buildBtf());
  await held.close();
});

testWith(needs)('a kernel that is installed or removed shows after SIGHUP', async (t) => {
  const { daemon, at, system } = await mountedSystem(t, { 'boot/one': vmlinux({ release }) });
  const other = '6.7.0-other';
  await t.throwsAsync(stat(at(other)), { code: 'ENOENT' });
  mkdirSync(join(system, 'staging'));
  writeFileSync(join(system, 'staging/two'), vmlinux({ release: other }));
  copyFileSync(join(system, 'staging/two'), join(system, 'boot/two'));
  daemon.process.kill('SIGHUP');
  await eventually('the new kernel is there', () => exists(at(`${other}/version`)));
  await eventually('README names it', async () => (await readFile(at('README'), 'utf8')).includes(other));
  await eventually('it is listed', async () => (await readdir(at(''))).includes(other));
  rmSync(join(system, 'boot/one'));
  daemon.process.kill('SIGHUP');
  await eventually('the old kernel is gone', async () => !(await exists(at(release))));
  await eventually('it is not listed', async () => !(await readdir(at(''))).includes(release));
});

testWith(needs)('a kernel image that is replaced gives the new configuration', async (t) => {
  const { daemon, at, system } = await mountedSystem(t, {
    'boot/one': vmlinux({ release, config: 'old\n' }),
  });
  t.is(await readFile(at(`${release}/config`), 'utf8'), 'old\n');
  writeFileSync(join(system, 'boot/new'), vmlinux({ release, config: 'new and longer\n' }));
  renameSync(join(system, 'boot/new'), join(system, 'boot/one'));
  daemon.process.kill('SIGHUP');
  await eventually(
    'the new configuration is read',
    async () => (await readFile(at(`${release}/config`), 'utf8')) === 'new and longer\n',
  );
});

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
