/* ikfs cache, on stores of blobs that stand for artifacts. */
import test from 'ava';
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DiskStore } from '../../src/store/disk-store.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { filesBelow, fillNumbered, numberedKey } from '../store/stores.ts';
import { assertOneLine, folderOf, ikfs } from './ikfs.ts';

/** A store of a process that is still there. */
async function storeWith(folder: string, numbers: readonly number[]): Promise<DiskStore> {
  const store = new DiskStore(folder, () => undefined);
  for (const number of numbers) await store.make(numberedKey(number), 5000, fillNumbered(number, 5000));
  return store;
}

interface Report {
  readonly folder: string;
  readonly mostBytes: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly inUse: { readonly blobs: number; readonly bytes: number; readonly processes: number };
  readonly lastUsed: { readonly first: string; readonly last: string } | null;
  readonly removed?: { readonly blobs: number; readonly bytes: number };
}

async function reportOf(folder: string, ...options: string[]): Promise<Report> {
  const { stdout } = await ikfs(['cache', '--json', '--cache-dir', folder, ...options]);
  return JSON.parse(stdout.toString()) as Report;
}

test('cache tells how much is kept, what of it is in use, and when it was used', async (t) => {
  const folder = folderOf(t);
  (await storeWith(folder, [1, 2])).close();
  const day = Date.now() / 1000 - 3 * 86_400 - 60;
  for (const path of filesBelow(join(folder, 'blobs'))) utimesSync(path, day, day);
  const using = await storeWith(folder, [3]);
  const report = await reportOf(folder, '--cache-size', '100');
  t.like(report, { folder, mostBytes: 100 * 1024 ** 2, blobs: 3, bytes: 3 * 8192 });
  t.deepEqual(report.inUse, { blobs: 1, bytes: 8192, processes: 1 });
  t.is(Math.round(Date.parse(report.lastUsed?.first ?? '') / 1000), Math.round(day));
  const { status, stdout, stderr } = await ikfs(['cache', '--cache-dir', folder]);
  t.is(status, 0);
  t.is(stderr, '');
  t.regex(stdout.toString(), /^kept +25 kB in 3 blobs, at most \d/m);
  t.regex(stdout.toString(), /^in use +8\.2 kB in 1 blob, by 1 running ikfs$/m);
  t.regex(stdout.toString(), /^last used +less than a minute to 3 days ago$/m);
  using.close();
});

test('cache --clear removes all that no running ikfs has in hand', async (t) => {
  const folder = folderOf(t);
  (await storeWith(folder, [1, 2])).close();
  const using = await storeWith(folder, [3]);
  const cleared = await reportOf(folder, '--clear');
  t.like(cleared, { blobs: 1, removed: { blobs: 2, bytes: 2 * 8192 } });
  using.close();
  const { stdout } = await ikfs(['cache', '--clear', '--cache-dir', folder]);
  t.regex(stdout.toString(), /^removed +8\.2 kB in 1 blob$/m);
  t.deepEqual(filesBelow(folder), []);
});

test('where nothing is kept, cache says so and makes nothing', async (t) => {
  const folder = join(folderOf(t), 'not', 'there');
  t.like(await reportOf(folder, '--clear'), { blobs: 0, lastUsed: null, removed: { blobs: 0, bytes: 0 } });
  t.false(existsSync(folder));
  const other = join(folderOf(t), 'no-store');
  mkdirSync(other);
  t.is((await ikfs(['cache', '--clear', '--cache-dir', other])).status, 0);
  t.deepEqual(readdirSync(other), []);
});

test('a store that is not ours to clear is refused', async (t) => {
  const folder = folderOf(t);
  (await storeWith(folder, [1])).close();
  chmodSync(folder, 0o777);
  const run = await ikfs(['cache', '--clear', '--cache-dir', folder]);
  assertOneLine(t, run, 4, /: is open to writing by others/);
  t.is(filesBelow(folder).length, 1);
});

test('the size of a store is a whole number of MiB', async (t) => {
  const folder = folderOf(t);
  for (const size of ['0', '1G', '-1']) {
    assertOneLine(
      t,
      await ikfs(['cache', `--cache-size=${size}`, '--cache-dir', folder]),
      2,
      /--cache-size takes a whole number/,
    );
  }
});

testWith(['corpus', 'addon'])('status.json tells why what is made is kept in memory', async (t) => {
  const folder = folderOf(t);
  const status = async (): Promise<{ store: string; storeProblem?: string }> => {
    const run = await ikfs(['cat', '--sysroot', corpusRoot(), '--cache-dir', folder, 'status.json']);
    return JSON.parse(run.stdout.toString()) as { store: string; storeProblem?: string };
  };
  chmodSync(folder, 0o777);
  const { store, storeProblem } = await status();
  t.is(store, 'memory');
  t.regex(storeProblem ?? '', /: is open to writing by others/);
  chmodSync(folder, 0o700);
  t.like(await status(), { store: `disk: ${folder}`, storeProblem: undefined });
});

testWith(['corpus'])(
  '--cache-size holds for every command: what is old goes, what it uses itself stays',
  async (t) => {
    const folder = folderOf(t);
    (await storeWith(folder, [1, 2])).close();
    const options = ['--sysroot', corpusRoot(), '--cache-dir', folder, '--cache-size', '1'];
    const { status, stderr } = await ikfs(['cat', ...options, `${corpusRelease}/btf/vmlinux`]);
    t.is(status, 0);
    t.regex(stderr, /^ikfs: [^\n]*holds [^\n]* in use at this time, more than 1\.0 MB \(--cache-size\)\n$/);
    t.true((await reportOf(folder)).bytes > 1024 ** 2);
    const store = new DiskStore(folder, () => undefined);
    for (const number of [1, 2]) t.is(store.find(numberedKey(number)), undefined);
    store.close();
  },
);

testWith(['corpus', 'addon'])('--no-cache keeps what is made in memory, which is no problem', async (t) => {
  const options = ['--no-cache', '--sysroot', corpusRoot()];
  const { stdout, stderr } = await ikfs(['cat', ...options, `${corpusRelease}/config`, 'status.json']);
  t.is(stderr, '');
  const status = stdout.toString().slice(stdout.toString().lastIndexOf('\n{\n') + 1);
  t.like(JSON.parse(status), { store: 'memory', storeProblem: undefined });
  const wrong = await ikfs(['ls', '--no-cache', '--cache-dir', folderOf(t)]);
  assertOneLine(t, wrong, 2, /--no-cache goes with neither/);
});
