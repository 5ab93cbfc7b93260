import test from 'ava';
import { MemorySource } from '../../src/bytes/byte-source.ts';

import { occurrencesOfAny } from '../../src/bytes/scan.ts';
import { CountingSource } from '../format/counting-source.ts';
import { errorCode } from '../format/error-code.ts';
import { Random } from '../random.ts';

const mebibyte = 1024 * 1024;

/** Where a needle stands, by Buffer.indexOf over all bytes at once. */
function* placesOf(bytes: Buffer, needle: Buffer, from: number, to: number): Generator<number> {
  for (let at = bytes.indexOf(needle, from); at !== -1; at = bytes.indexOf(needle, at + 1)) {
    if (at + needle.length <= to) yield at;
  }
}

/** What a scan for each needle alone finds, in the order that is asked for. */
function oneByOne(bytes: Buffer, needles: readonly Buffer[], from = 0, to = bytes.length): object[] {
  return needles
    .flatMap((needle, index) =>
      [...placesOf(bytes, needle, from, to)].map((offset) => ({ needle: index, offset })),
    )
    .sort((a, b) => a.offset - b.offset || a.needle - b.needle);
}

test('occurrencesOfAny finds what separate scans find, across windows too', (t) => {
  const needles = ['Linux version ', 'IKCFG_ST', 'aa', 'a', 'ab\0'].map((text) => Buffer.from(text));
  const bytes = new Random(1).bytes(1000);
  const image = Buffer.concat(Array.from({ length: 2200 }, () => bytes));
  for (const boundary of [mebibyte, 2 * mebibyte]) {
    for (const [index, needle] of needles.entries()) {
      needle.copy(image, boundary - index - 1);
      needle.copy(image, boundary - 200 - needle.length);
      needle.copy(image, boundary + 300 * (index + 1));
    }
  }
  needles[0]?.copy(image, image.length - 14);
  image.fill('a', 100, 150);
  for (const [from, to] of [
    [0, image.length],
    [120, image.length - 1],
    [mebibyte - 1, mebibyte + 14],
    [500, 500],
  ] as const) {
    const found = [...occurrencesOfAny(new MemorySource('image', image), needles, from, to)];
    t.deepEqual(found, oneByOne(image, needles, from, to), `from ${from} to ${to}`);
  }
});

test('occurrencesOfAny finds needles of random bytes in random bytes', (t) => {
  const random = new Random(2);
  for (let round = 0; round < 50; round += 1) {
    // Few values, so that there are many hits and near misses.
    const few = (count: number): Buffer => random.bytes(count).map((byte) => byte & 3) as Buffer;
    const bytes = Buffer.from(few(3000));
    const needles = Array.from({ length: 4 }, () => Buffer.from(few(1 + random.below(6))));
    t.deepEqual(
      [...occurrencesOfAny(new MemorySource('bytes', bytes), needles)],
      oneByOne(bytes, needles),
      `round ${round}`,
    );
  }
});

test('occurrencesOfAny finds a needle where its rarest byte stands alone most of the time', (t) => {
  // What is sampled is another byte than what stands between.
  const bytes = Buffer.alloc(3 * mebibyte, 'x');
  for (let at = 0; at < bytes.length; at += 61) bytes.write('q', at);
  const places = [5000, 900_000, mebibyte - 1, 2_500_000];
  for (const at of places) bytes.write('xy', at);
  const found = [...occurrencesOfAny(new MemorySource('bytes', bytes), [Buffer.from('xy')])];
  t.deepEqual(
    found.map(({ offset }) => offset),
    places,
  );
});

test('occurrencesOfAny reads each byte once, but for what needles may lie across', (t) => {
  const source = new CountingSource('image', Buffer.alloc(5 * mebibyte));
  t.deepEqual([...occurrencesOfAny(source, [Buffer.from('Linux version '), Buffer.from('BZh')])], []);
  t.is(source.reads, 5);
  t.true(source.bytes < 5 * mebibyte + 5 * 14);
});

test('occurrencesOfAny can be left, and reads no further then', (t) => {
  const image = Buffer.alloc(5 * mebibyte);
  image.write('here', 1000);
  const source = new CountingSource('image', image);
  t.deepEqual(occurrencesOfAny(source, [Buffer.from('here')]).next().value, { needle: 0, offset: 1000 });
  t.is(source.reads, 1);
});

test('occurrencesOfAny refuses bytes that consist of a needle, and takes no needles at all', (t) => {
  const image = new MemorySource('image', Buffer.alloc(200_000, 'BZh'));
  t.is(
    errorCode(() => [...occurrencesOfAny(image, [Buffer.from('none'), Buffer.from('B')])]),
    'none',
  );
  const worse = new MemorySource('image', Buffer.alloc(200_000));
  t.is(
    errorCode(() => [...occurrencesOfAny(worse, [Buffer.from('none'), Buffer.alloc(2)])]),
    'limit',
  );
  t.deepEqual([...occurrencesOfAny(image, [])], []);
});
