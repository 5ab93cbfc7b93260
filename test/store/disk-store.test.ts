import test from 'ava';
import { chmodSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobKey } from '../../src/artifact/blob-store.ts';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { IkfsError } from '../../src/errors.ts';
import { DiskStore } from '../../src/store/disk-store.ts';
import { temporaryFolder } from '../open-tree.ts';

const key = blobKey('test', 1, [{ inode: '1', size: 2, modified: '3' }]);
const bytes = Buffer.from('what was made');

/** A store with one blob, and the path of the blob's file. */
async function storeWithBlob(folder: string): Promise<string> {
  const store = new DiskStore(folder, () => undefined);
  const content = await store.make(key, 100, (sink) => {
    sink.write(bytes);
  });
  if (content.kind !== 'file') throw new Error('a blob on disk is a file');
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
  t.deepEqual(readdirSync(join(folder.path, 'unfinished')), []);
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

test('a directory that others may write to is no store', (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  chmodSync(folder.path, 0o777);
  const error = t.throws(() => new DiskStore(folder.path, () => undefined), { instanceOf: IkfsError });
  t.is(error.code, 'denied');
});
