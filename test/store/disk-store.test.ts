import test from 'ava';
import { readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { blobKey } from '../../src/artifact/blob-store.ts';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { IkfsError } from '../../src/errors.ts';
import { DiskStore } from '../../src/store/disk-store.ts';
import type { FileSink } from '../../src/bytes/byte-sink.ts';
import { temporaryFolder } from '../open-tree.ts';
import { filesBelow } from './stores.ts';

const key = blobKey('test', 1, [{ inode: '1', size: 2, modified: '3' }]);
const bytes = Buffer.from('what was made');

/** A store with one blob, and the path of the blob's file. */
async function storeWithBlob(folder: string): Promise<string> {
  const store = new DiskStore(folder, () => undefined);
  const content = await store.make(key, 100, (sink) => {
    sink.write(bytes);
  });
  if (content.kind !== 'blob') throw new Error('a blob on disk has a seal');
  return content.path;
}

test('a blob is found again by another process', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  await storeWithBlob(folder.path);
  const found = new DiskStore(folder.path, () => undefined).find(key);
  if (!found) return t.fail('not found');
  t.deepEqual(await contentBytes(found, 'blob'), bytes);
});

test('a blob with any byte flipped is thrown away, not served', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = await storeWithBlob(folder.path);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 0x40;
    writeFileSync(path, flipped);
    const damaged: string[] = [];
    t.is(new DiskStore(folder.path, (which) => damaged.push(which)).find(key), undefined, `byte ${at}`);
    t.deepEqual(damaged, [path]);
  }
});

test('a blob cut short anywhere is thrown away, not served', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = await storeWithBlob(folder.path);
  const whole = readFileSync(path);
  for (let size = 0; size < whole.length; size += 1) {
    writeFileSync(path, whole);
    truncateSync(path, size);
    t.is(new DiskStore(folder.path, () => undefined).find(key), undefined, `${size} bytes`);
  }
});

test('what is checked when it is read is checked each time, and dropped once it is damaged', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = await storeWithBlob(folder.path);
  const damaged: string[] = [];
  const store = new DiskStore(folder.path, (which, when) => damaged.push(`${when} ${which}`));
  const content = store.find(key, 'when-read');
  if (!content) return t.fail('not found');
  const reader = new ContentReader();
  t.teardown(() => reader.close());
  t.deepEqual(reader.read(content, 5, 3), bytes.subarray(5, 8));
  const flipped = readFileSync(path);
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  writeFileSync(path, flipped);
  t.throws(() => reader.read(content, 5, 3), { instanceOf: IkfsError, code: 'changed' });
  await t.throwsAsync(contentBytes(content, 'blob'), { instanceOf: IkfsError });
  t.deepEqual(damaged, [`when-read ${path}`]);
  t.is(store.find(key, 'when-read'), undefined);
  const again = await store.make(key, 100, (sink) => {
    sink.write(bytes);
  });
  t.deepEqual(reader.read(again, 0, 100), bytes);
  t.deepEqual(reader.read(content, 0, 100), bytes, 'what was handed out before is right again as well');
  t.is(damaged.length, 1);
});

test('a blob of many pieces is read in any part', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const large = Buffer.from(Array.from({ length: 10_001 }, (_, at) => (at * 7) % 251));
  const store = new DiskStore(folder.path, () => t.fail('nothing is damaged'));
  const made = await store.make(key, 20_000, (sink) => {
    sink.write(large);
  });
  const reader = new ContentReader();
  t.teardown(() => reader.close());
  for (const [offset, length] of [
    [0, 10_001],
    [4095, 2],
    [4096, 4096],
    [8191, 5000],
    [10_000, 1],
    [10_001, 1],
  ] as const) {
    t.deepEqual(reader.read(made, offset, length), large.subarray(offset, offset + length));
  }
});

test('a making that fails leaves nothing behind', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const store = new DiskStore(folder.path, () => undefined);
  const error = await t.throwsAsync(
    store.make(key, 3, (sink) => {
      sink.write(bytes);
    }),
    { instanceOf: IkfsError },
  );
  t.is(error.code, 'limit');
  t.is(store.find(key), undefined);
  t.deepEqual(
    filesBelow(folder.path).map((path) => basename(path)),
    ['in-use'],
  );
  store.close();
  t.deepEqual(readdirSync(join(folder.path, 'leases')), []);
});

test('another state of an input, another maker or another kind has another key', (t) => {
  const identity = { inode: '1', size: 2, modified: '3' };
  const keys = [
    blobKey('a', 1, [identity]),
    blobKey('b', 1, [identity]),
    blobKey('a', 2, [identity]),
    blobKey('a', 1, [{ ...identity, inode: '2' }]),
    blobKey('a', 1, [{ ...identity, size: 3 }]),
    blobKey('a', 1, [{ ...identity, modified: '4' }]),
    blobKey('a', 1, [identity, identity]),
  ];
  t.is(new Set(keys).size, keys.length);
});

/** Offsets in a blob's file of so many bytes, in each of its parts; see src/store/blob-file.ts. */
function partsOf(size: number): Record<string, number> {
  const sums = Math.ceil(size / 4096) * 4;
  const trailer = size + sums;
  return {
    'the first byte': 0,
    'a byte before the end of a piece': 4095,
    'the first byte of another': 4096,
    'the last byte': size - 1,
    'the first sum': size,
    'the last sum': trailer - 1,
    'the magic': trailer + 3,
    'the size': trailer + 8,
    'the size, far too large': trailer + 15,
    'the sum of the sums': trailer + 16,
    'the end': trailer + 23,
  };
}

for (const check of ['now', 'when-read'] as const) {
  test(`whatever is flipped in a large blob is never served, checked ${check}`, async (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    // Its sums do not fit into what is read of a file's end.
    const large = Buffer.alloc(5 * 1024 * 1024 + 17, 'what was made');
    const made = await new DiskStore(folder.path, () => undefined).make(key, large.length, (sink) => {
      sink.write(large);
    });
    if (made.kind !== 'blob') return t.fail('a blob on disk has a seal');
    const whole = readFileSync(made.path);
    for (const [part, at] of Object.entries(partsOf(large.length))) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      writeFileSync(made.path, flipped);
      const damaged: string[] = [];
      const store = new DiskStore(folder.path, (path) => damaged.push(path));
      const content = store.find(key, check);
      if (content) await t.throwsAsync(contentBytes(content, 'blob'), { code: 'changed' }, part);
      t.deepEqual(damaged, [made.path], part);
      t.is(store.find(key, check), undefined, part);
      store.close();
    }
  });
}

test('a blob that was removed while it is in use is said to be gone, and made again', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const found: string[] = [];
  const store = new DiskStore(folder.path, (_, when) => found.push(when));
  const fill = (sink: FileSink): void => sink.write(bytes);
  const content = await store.make(key, 100, fill);
  rmSync(folder.path, { recursive: true });
  await t.throwsAsync(contentBytes(content, 'blob'), { code: 'not-found' });
  t.deepEqual(found, ['gone']);
  t.is(store.find(key), undefined);
  t.deepEqual(await contentBytes(await store.make(key, 100, fill), 'blob'), bytes);
});

test('damage that another process has seen first, and mended, is none any more', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const path = await storeWithBlob(folder.path);
  const found: string[] = [];
  const [ours, theirs] = ['ours', 'theirs'].map(
    (whose) => new DiskStore(folder.path, (_, when) => found.push(`${whose} ${when}`)),
  );
  const content = ours?.find(key);
  if (content?.kind !== 'blob') return t.fail('not found');
  truncateSync(path, 3);
  t.is(theirs?.find(key), undefined);
  await theirs?.make(key, 100, (sink) => {
    sink.write(bytes);
  });
  content.seal.reportDamage();
  t.deepEqual(await contentBytes(content, 'blob'), bytes);
  t.deepEqual(found, ['theirs when-opened']);
});
