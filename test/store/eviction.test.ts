import test from 'ava';
import type { ExecutionContext } from 'ava';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { DiskStore } from '../../src/store/disk-store.ts';
import { blobPath, evict, storedBlobs } from '../../src/store/eviction.ts';
import { temporaryFolder } from '../open-tree.ts';
import { filesBelow, fillNumbered, numberedBytes, numberedKey, startMaker } from './stores.ts';
import type { Maker } from './stores.ts';

/** Of each blob, in bytes; two blocks with its sums. */
const size = 5000;
const taken = 8192;

function folderOf(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return path;
}

const pathOf = (folder: string, number: number): string =>
  blobPath(join(folder, 'blobs'), numberedKey(number));

/** Numbers of the blobs that are there. */
const kept = (folder: string, most = 50): number[] =>
  Array.from({ length: most }, (_, number) => number).filter((number) => existsSync(pathOf(folder, number)));

/** Makes blobs in a process that has ended since, the first one longest ago; each was used an hour after the other. */
async function madeLongAgo(folder: string, count: number): Promise<void> {
  const store = new DiskStore(folder, () => undefined);
  for (let number = 0; number < count; number += 1) {
    await store.make(numberedKey(number), size, fillNumbered(number, size));
    const used = Date.now() / 1000 - (count - number) * 3600;
    utimesSync(pathOf(folder, number), used, used);
  }
  store.close();
}

/** A maker that has ended when the test has. */
function makerOf(t: ExecutionContext, folder: string, mostBytes?: number): Maker {
  const maker = startMaker(folder, mostBytes);
  t.teardown(maker.kill);
  return maker;
}

/** A store of so many of those blobs at most. */
function bounded(
  folder: string,
  blobs: number,
  onExceeded: (bytes: number) => void = () => undefined,
): DiskStore {
  return new DiskStore(folder, () => undefined, { mostBytes: blobs * taken, onExceeded });
}

test('a store goes down to seven eighths of its size, without those that were not used for longest', async (t) => {
  const folder = folderOf(t);
  await madeLongAgo(folder, 16);
  const store = bounded(folder, 16);
  // They were made first, but are used now.
  for (const number of [0, 3]) store.read(numberedKey(number));
  await store.make(numberedKey(20), size, fillNumbered(20, size));
  t.deepEqual(kept(folder), [0, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20]);
});

test('below its size nothing goes', async (t) => {
  const folder = folderOf(t);
  await madeLongAgo(folder, 15);
  const store = bounded(folder, 16);
  await store.make(numberedKey(20), size, fillNumbered(20, size));
  t.is(kept(folder).length, 16);
});

test('however much is made, a store does not exceed its size by more than what is in use', async (t) => {
  const folder = folderOf(t);
  for (let round = 0; round < 5; round += 1) {
    const store = bounded(folder, 16);
    for (let number = round * 10; number < round * 10 + 10; number += 1) {
      await store.make(numberedKey(number), size, fillNumbered(number, size));
    }
    t.true(kept(folder).length <= 16, `round ${round}: ${kept(folder).length}`);
    store.close();
  }
});

test('what another process has in hand stays until it ends, however long ago it was used', async (t) => {
  const folder = folderOf(t);
  await madeLongAgo(folder, 16);
  const other = makerOf(t, folder);
  for (const number of [1, 2]) t.is(await other.ask(`find ${number}`), 'found');
  for (const number of [1, 2]) utimesSync(pathOf(folder, number), 1, 1);
  const store = bounded(folder, 4);
  await store.make(numberedKey(20), size, fillNumbered(20, size));
  t.deepEqual(kept(folder), [1, 2, 20]);
  await other.kill();
  t.is(store.clear().count, 2);
  t.deepEqual(kept(folder), [20], 'what this process has in hand stays as well');
});

test('two processes fill one store: neither takes from the other, and once both have ended it shrinks', async (t) => {
  const folder = folderOf(t);
  const makers = [makerOf(t, folder, 8 * taken), makerOf(t, folder, 8 * taken)];
  await Promise.all(
    makers.map(async (maker, which) => {
      for (let at = 0; at < 12; at += 1) t.is(await maker.ask(`make ${which * 20 + at} ${size}`), 'made');
    }),
  );
  t.is(kept(folder).length, 24);
  for (const [which, maker] of makers.entries()) {
    for (let at = 0; at < 12; at += 1) t.is(await maker.ask(`find ${which * 20 + at}`), 'found');
    t.is(await maker.ask('close'), 'closed');
  }
  t.deepEqual(readdirSync(join(folder, 'leases')), []);
  const store = bounded(folder, 8);
  await store.make(numberedKey(40), size, fillNumbered(40, size));
  t.is(kept(folder).length, 7);
});

test('that all is in use and more than it may be is told once', async (t) => {
  const folder = folderOf(t);
  const told: number[] = [];
  const store = bounded(folder, 4, (bytes) => told.push(bytes));
  for (let number = 0; number < 10; number += 1) {
    const content = await store.make(numberedKey(number), size, fillNumbered(number, size));
    t.deepEqual(await contentBytes(content, 'blob'), numberedBytes(number, size));
  }
  t.deepEqual(told, [5 * taken]);
  t.is(kept(folder).length, 10);
});

test('a blob that is taken in hand while it is being removed is put back', async (t) => {
  const folder = folderOf(t);
  await madeLongAgo(folder, 2);
  const blobs = storedBlobs(join(folder, 'blobs'));
  let asked = 0;
  // The first question for each comes before it is out of sight.
  const evicted = evict(blobs, 0, join(folder, 'leases'), () => (asked += 1) % 2 === 0);
  t.like(evicted, { count: 0, left: 2 * taken, refusal: undefined });
  t.deepEqual(kept(folder), [0, 1]);
});

test('what a killed maker has left behind goes when the next one comes, what a living one has stays', async (t) => {
  const folder = folderOf(t);
  const makers = [makerOf(t, folder), makerOf(t, folder)];
  for (const maker of makers) t.is(await maker.ask('begin'), 'begun');
  const before = filesBelow(join(folder, 'leases'));
  await makers[0]?.kill();
  const store = new DiskStore(folder, () => undefined);
  const after = filesBelow(join(folder, 'leases'));
  store.close();
  t.is(before.length, 2);
  t.is(after.length, 1);
  await makers[1]?.kill();
});
