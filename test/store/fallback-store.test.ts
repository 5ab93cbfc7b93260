import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FillBlob } from '../../src/artifact/blob-store.ts';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { IkfsError } from '../../src/errors.ts';
import { DiskStore } from '../../src/store/disk-store.ts';
import { FallbackStore } from '../../src/store/fallback-store.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { filesBelow, fillNumbered, numberedBytes, numberedKey } from './stores.ts';

const mebibyte = 1024 ** 2;

/** A store of both kinds, with what it tells. */
function storeIn(t: ExecutionContext, folder: string): { store: FallbackStore; told: string[] } {
  const told: string[] = [];
  const store = new FallbackStore({
    openDisk: () => new DiskStore(folder, (path) => t.fail(`${path} is damaged`)),
    openMemory: () => new MemoryStore(),
    onTrouble: (error) => told.push(error ? error.message : 'over'),
  });
  t.teardown(() => store.close());
  return { store, told };
}

/** An empty file system of so many MiB, and what changes how it is mounted. */
function smallDisk(t: ExecutionContext, size: number): { folder: string; remount: (how: string) => void } {
  const { path, remove } = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m,mode=700`, 'ikfs-test', path]);
  t.teardown(() => {
    execFileSync('umount', ['--lazy', path]);
    remove();
  });
  return {
    folder: path,
    remount: (how) => execFileSync('mount', ['-o', `remount,${how}`, path], { stdio: 'pipe' }),
  };
}

async function makeNumbered(
  t: ExecutionContext,
  store: FallbackStore,
  number: number,
  size: number,
  cap = size,
): Promise<string> {
  const made = await store.make(numberedKey(number), cap, fillNumbered(number, size, 100_000));
  for (const content of [made, store.find(numberedKey(number))]) {
    if (!content) throw new Error('was not kept');
    t.true((await contentBytes(content, 'blob')).equals(numberedBytes(number, size)), `blob ${number}`);
  }
  return made.kind;
}

const testSmallDisk = testWith(['root', 'mount', 'addon', 'tool:mount']);

testSmallDisk(
  'a blob that the disk has no room for is made in memory, and again on disk once there is',
  async (t) => {
    const { folder, remount } = smallDisk(t, 4);
    const { store, told } = storeIn(t, folder);
    t.is(await makeNumbered(t, store, 1, mebibyte), 'blob');
    // Nobody knows how large it will be, so the disk runs full in the middle of it.
    t.is(await makeNumbered(t, store, 2, 6 * mebibyte, 2 ** 30), 'descriptor');
    t.deepEqual(told, ['no space left on device']);
    t.regex(store.problem ?? '', /no space left on device$/);
    t.is(filesBelow(join(folder, 'leases')).length, 1, 'nothing is left of it on the disk');
    t.is(await makeNumbered(t, store, 3, 5 * mebibyte, 2 ** 30), 'descriptor');
    t.is(await makeNumbered(t, store, 4, 100_000), 'blob', 'what surely fits goes to the disk all the same');
    t.deepEqual(told, ['no space left on device'], 'it is said once');
    t.true(store.find(numberedKey(1))?.kind === 'blob');
    remount('size=32m');
    t.is(await makeNumbered(t, store, 5, 6 * mebibyte, 2 ** 30), 'blob');
    t.deepEqual(told, ['no space left on device', 'over']);
    t.is(store.problem, undefined);
    t.is((await contentBytes(store.find(numberedKey(2)) ?? t.fail(), 'blob')).length, 6 * mebibyte);
  },
);

testSmallDisk(
  'on a disk that is full to the last byte, what was kept is found and what is new is made',
  async (t) => {
    const { folder } = smallDisk(t, 2);
    const before = new DiskStore(folder, () => t.fail('nothing is damaged'));
    await before.make(numberedKey(1), 1000, fillNumbered(1, 1000));
    before.close();
    const ballast = join(folder, 'ballast');
    t.throws(() => writeFileSync(ballast, Buffer.alloc(3 * mebibyte)), { code: 'ENOSPC' });
    const { store, told } = storeIn(t, folder);
    t.true(store.find(numberedKey(1))?.kind === 'blob');
    t.is(await makeNumbered(t, store, 2, 1000), 'descriptor');
    t.is(await makeNumbered(t, store, 3, 0), 'descriptor');
    t.deepEqual(told, ['no space left on device']);
    rmSync(ballast);
    t.is(await makeNumbered(t, store, 4, 1000), 'blob');
    t.is(told.length, 2);
  },
);

testSmallDisk(
  'what another program could not write for want of room is made in memory as well',
  async (t) => {
    const { folder } = smallDisk(t, 2);
    const { store } = storeIn(t, folder);
    const fill: FillBlob = (sink) => {
      // As pahole does: all that is known of it is that it failed.
      const there = `/proc/self/fd/${sink.descriptor}`;
      try {
        writeFileSync(there, Buffer.alloc(3 * mebibyte, 7));
      } catch {
        throw new IkfsError('corrupt', 'the program ended with 1');
      }
      sink.advance(3 * mebibyte);
    };
    const made = await store.make(numberedKey(1), 2 ** 30, fill);
    t.is(made.kind, 'descriptor');
    t.true((await contentBytes(made, 'blob')).equals(Buffer.alloc(3 * mebibyte, 7)));
  },
);

testSmallDisk('a disk that becomes read-only is read, and written to again when it can be', async (t) => {
  const { folder, remount } = smallDisk(t, 4);
  const { store, told } = storeIn(t, folder);
  t.is(await makeNumbered(t, store, 1, 1000), 'blob');
  // The list of what is in use is closed soon after it has been written to.
  const deadline = Date.now() + 60_000;
  for (let isDone = false; !isDone;) {
    try {
      remount('ro');
      isDone = true;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  t.is(await makeNumbered(t, store, 2, 1000), 'descriptor');
  t.deepEqual(told, ['read-only file system']);
  t.true(store.find(numberedKey(1))?.kind === 'blob');
  // As does a process that comes later.
  const later = storeIn(t, folder);
  t.true(later.store.find(numberedKey(1))?.kind === 'blob');
  t.is(await makeNumbered(t, later.store, 3, 1000), 'descriptor');
  remount('rw');
  for (const [at, each] of [store, later.store].entries()) {
    t.is(await makeNumbered(t, each, 10 + at, 1000), 'blob');
    t.is(each.problem, undefined);
  }
  t.deepEqual(told, ['read-only file system', 'over']);
});

testSmallDisk('decoded images go to memory where the disk is small', (t) => {
  const { folder } = smallDisk(t, 4);
  const { store } = storeIn(t, folder);
  const scratch = store.scratch();
  t.teardown(() => scratch.close());
  const image = Buffer.alloc(8 * mebibyte, 'image');
  new FileSink(scratch.descriptor, image.length).write(image);
  t.true(scratch.source('image', image.length).read(0, image.length).equals(image));
});

testWith(['addon'])('a folder that can not be used is told, and used once it can be', async (t) => {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  chmodSync(path, 0o777);
  const { store, told } = storeIn(t, path);
  t.is(store.description, 'memory');
  t.is(await makeNumbered(t, store, 1, 1000), 'descriptor');
  t.is(told.length, 1);
  t.deepEqual(readdirSync(path), []);
  chmodSync(path, 0o700);
  t.is(await makeNumbered(t, store, 2, 1000), 'blob');
  t.is(store.description, `disk: ${path}`);
});

test('an input that is broken is an error as it is, not one of the disk', async (t) => {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  const { store, told } = storeIn(t, path);
  const broken: FillBlob = () => {
    throw new IkfsError('corrupt', 'is broken');
  };
  await t.throwsAsync(store.make(numberedKey(1), 10, broken), { message: 'is broken' });
  await t.throwsAsync(store.make(numberedKey(1), 10, fillNumbered(1, 11)), {
    message: /the 10 bytes allowed/,
  });
  t.deepEqual(told, []);
});
