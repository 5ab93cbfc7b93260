import test from 'ava';
import type { ExecutionContext } from 'ava';
import { fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FreeRoom } from '../../src/bytes/free-room.ts';
import { NumberSet } from '../../src/bytes/number-set.ts';
import { Shelf } from '../../src/bytes/shelf.ts';
import { ShelvedMap } from '../../src/bytes/shelved-map.ts';
import { scratchFile } from '../../src/store/scratch-file.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';

/** Bytes that hardly get smaller when they are compressed. */
function noise(seed: number, size: number): Buffer {
  return new Random(seed).bytes(size);
}

/** A shelf with its file. */
function shelfOf(t: ExecutionContext): { shelf: Shelf; descriptor: number } {
  const folder = temporaryFolder();
  const descriptor = openSync(join(folder.path, 'shelf'), 'w+');
  const shelf = new Shelf(() => scratchFile(descriptor));
  t.teardown(() => {
    shelf.close();
    folder.remove();
  });
  return { shelf, descriptor };
}

test('what is put aside is read as it was, from the file and from memory', (t) => {
  const { shelf, descriptor } = shelfOf(t);
  for (const put of [shelf, new Shelf()]) {
    const all = [0, 10, 5000, 100_000].map((size) => ({ bytes: noise(size, size), size }));
    const shelved = all.map(({ bytes }) => put.put(bytes));
    for (const [place, { bytes }] of all.entries()) t.deepEqual(shelved[place]?.read(), bytes);
    t.is(put.put('grüße'.repeat(1000)).read().toString(), 'grüße'.repeat(1000));
  }
  t.true(fstatSync(descriptor).size > 100_000);
});

test('a file that takes nothing leaves all in memory', (t) => {
  const refusing = new Shelf(() => {
    throw new Error('no file today');
  });
  t.deepEqual(refusing.put(noise(1, 5000)).read(), noise(1, 5000));
});

test('what the disk has not kept is an error, never an answer', (t) => {
  const { shelf, descriptor } = shelfOf(t);
  const shelved = shelf.put(noise(2, 5000));
  writeSync(descriptor, Buffer.from([1, 2, 3]), 0, 3, 100);
  t.throws(() => shelved.read(), { code: 'corrupt' });
});

test('a map is what it was after it was put aside, and takes changes', (t) => {
  const { shelf } = shelfOf(t);
  const map = new ShelvedMap<number>();
  for (let each = 0; each < 500; each += 1) map.set(`name ${each}`, each);
  map.putAside(shelf);
  map.putAside(shelf);
  t.is(map.size, 500);
  t.is(map.get('name 7'), 7);
  map.set('name 7', 70);
  map.delete('name 8');
  map.putAside(shelf);
  t.is(map.get('name 7'), 70);
  t.false(map.has('name 8'));
  t.is(map.entries().length, 499);
});

test('room in a file is used again, and no two have the same', (t) => {
  const random = new Random(3);
  const free = new FreeRoom();
  const taken: { start: number; length: number }[] = [];
  for (let round = 0; round < 2000; round += 1) {
    if (taken.length > 20)
      free.give(taken.splice(random.below(taken.length), 1)[0] ?? { start: 0, length: 0 });
    taken.push(free.take(1 + random.below(100)));
    const sorted = [...taken].sort((a, b) => a.start - b.start);
    t.true(sorted.every(({ start, length }, at) => start + length <= (sorted[at + 1]?.start ?? free.end)));
  }
  t.true(free.end < 40 * 100, `${free.end}`);
  for (const room of taken) free.give(room);
  t.is(free.end, 0);
});

test('a set has the numbers that were added and not taken away', (t) => {
  const set = new NumberSet();
  for (const number of [0, 7, 8, 100_000]) set.add(number);
  set.delete(7);
  set.delete(1_000_000);
  t.deepEqual(
    [0, 1, 7, 8, 9, 99_999, 100_000, 100_001, 1_000_000].filter((number) => set.has(number)),
    [0, 8, 100_000],
  );
});
