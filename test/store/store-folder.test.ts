import test from 'ava';
import type { ExecutionContext } from 'ava';
import { chmodSync, chownSync, mkdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { openStoreFolder } from '../../src/store/store-folder.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';

function folderOf(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return realpathSync(path);
}

function assertRefused(t: ExecutionContext, folder: string, why: RegExp): void {
  const error = t.throws(() => openStoreFolder(folder), { instanceOf: IkfsError });
  t.is(error.code, 'denied');
  t.regex(error.message, why);
  t.is(error.path, folder);
}

const permissions = (path: string): number => statSync(path).mode & 0o777;

test('a store is made for its owner alone', (t) => {
  const folder = join(folderOf(t), 'new', 'store');
  const { blobs, leases } = openStoreFolder(folder);
  for (const path of [folder, blobs, leases]) t.is(permissions(path), 0o700, path);
});

test('in a folder that others may read, what is in the store is not for them', (t) => {
  const folder = folderOf(t);
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'blobs'));
  chmodSync(join(folder, 'blobs'), 0o755);
  const { blobs, leases } = openStoreFolder(folder);
  for (const path of [blobs, leases]) t.is(permissions(path), 0o700, path);
});

for (const mode of [0o777, 0o770, 0o1777]) {
  test(`a folder that others may write to is no store: ${mode.toString(8)}`, (t) => {
    const folder = folderOf(t);
    chmodSync(folder, mode);
    assertRefused(t, folder, /^is open to writing by others/);
  });
}

test('a link in the place of a folder of the store is not followed', (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('elsewhere', join(folder, 'blobs'));
  assertRefused(t, folder, /^is not a directory/);
});

test('a store may be reached through a link, and is what that leads to', (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'store'), { mode: 0o700 });
  symlinkSync('store', join(folder, 'link'));
  t.is(openStoreFolder(join(folder, 'link')).path, join(folder, 'store'));
});

test('a folder that anybody could replace is no store', (t) => {
  const shared = join(folderOf(t), 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o777);
  assertRefused(t, join(shared, 'store'), /^lies in .*shared, where another user could replace it/);
  chmodSync(shared, 0o1777);
  t.notThrows(() => openStoreFolder(join(shared, 'store')));
});

testWith(['root'])("another user's folder is no store, nor is one in it", (t) => {
  const folder = folderOf(t);
  const theirs = join(folder, 'theirs');
  mkdirSync(join(theirs, 'ours'), { recursive: true, mode: 0o700 });
  chownSync(theirs, 1234, 1234);
  assertRefused(t, theirs, /^belongs to another user \(1234\)/);
  assertRefused(t, join(theirs, 'ours'), /^lies in .*theirs, where another user could replace it/);
});
