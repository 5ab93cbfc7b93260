import test from 'ava';
import { constants } from 'node:os';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { IkfsError } from '../../src/errors.ts';
import { errnoOf } from '../../src/transport/errno.ts';
import { TreeHandlers } from '../../src/transport/handlers.ts';
import type { DirectoryNode } from '../../src/tree/node.ts';
import {
  directory,
  failingFile,
  file,
  fixtureModified,
  link,
  slowFile,
  volatileFile,
} from '../tree-fixture.ts';

const { errno } = constants;

function handlersOf(root: DirectoryNode, onError?: (error: unknown) => void): TreeHandlers {
  return new TreeHandlers({ root, reader: new ContentReader() }, onError);
}

/** The errno a program would see, or 0 when the request succeeds. */
async function outcome(request: Promise<unknown>): Promise<number> {
  try {
    await request;
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

test('attributes have type, mode, exact size and times of each kind of node', async (t) => {
  const header = file('#pragma once\n', 0o755);
  const handlers = handlersOf(
    directory({ 'a.h': header, empty: file(''), build: directory(), source: link('büild') }),
  );
  t.deepEqual(await handlers.attributes('/a.h'), {
    inode: header.inode,
    mode: 0o100755,
    links: 1,
    size: 13,
    blocks: 1,
    modified: fixtureModified,
    volatile: false,
  });
  t.like(await handlers.attributes('/empty'), { size: 0, blocks: 0 });
  t.like(await handlers.attributes('/'), { mode: 0o40755, size: 0 });
  t.like(await handlers.attributes('/build'), { mode: 0o40755, size: 0 });
  // The length of a link is in bytes, and the umlaut has two.
  t.like(await handlers.attributes('/source'), { mode: 0o120777, size: 6 });
});

test('names are listed with type and inode, . and .. first', async (t) => {
  const config = file('x');
  const inner = directory({ config, source: link('build') });
  const root = directory({ '6.1': inner });
  const names = await handlersOf(root).names('/6.1');
  t.deepEqual(
    names.map((entry) => entry.name),
    ['.', '..', 'config', 'source'],
  );
  t.deepEqual(names[0], { name: '.', kind: 'directory', inode: inner.inode });
  t.deepEqual(names[1], { name: '..', kind: 'directory', inode: root.inode });
  t.deepEqual(names[2], { name: 'config', kind: 'file', inode: config.inode });
  t.is((await handlersOf(root).names('/'))[1]?.inode, root.inode, 'the root is its own parent');
});

test('a file is read in pieces, and nothing is behind its end', async (t) => {
  const handlers = handlersOf(directory({ config: file('0123456789') }));
  t.is(String(await handlers.read('/config', 0, 4)), '0123');
  t.is(String(await handlers.read('/config', 8, 100)), '89');
  t.is((await handlers.read('/config', 10, 100)).length, 0);
  t.is((await handlers.read('/config', 5_000_000_000, 100)).length, 0);
});

test('each wrong request has the errno that system calls have for it', async (t) => {
  const root = directory({ config: file('x'), source: link('config'), build: directory() });
  const errors: unknown[] = [];
  const handlers = handlersOf(root, (error) => errors.push(error));
  t.is(await outcome(handlers.attributes('/nothing')), errno.ENOENT);
  t.is(await outcome(handlers.attributes('/nothing/below')), errno.ENOENT);
  t.is(await outcome(handlers.attributes('/config/below')), errno.ENOTDIR);
  t.is(await outcome(handlers.read('/build', 0, 1)), errno.EISDIR);
  t.is(await outcome(handlers.read('/source', 0, 1)), errno.EINVAL);
  t.is(await outcome(handlers.names('/config')), errno.ENOTDIR);
  t.is(await outcome(handlers.readLink('/config')), errno.EINVAL);
  t.is(await handlers.readLink('/source'), 'config');
  t.deepEqual(errors, [], 'none of this is a failure to report');
});

test('an artifact that fails has an errno of its own, is reported once and leaves its neighbours alone', async (t) => {
  const errors: unknown[] = [];
  const corrupt = new IkfsError('corrupt', 'bad magic', { path: 'vmlinuz', offset: 16 });
  const root = directory({ vmlinux: failingFile(corrupt), config: file('x') });
  const handlers = handlersOf(root, (error) => errors.push(error));
  t.is(await outcome(handlers.attributes('/vmlinux')), errno.EBADMSG);
  t.is(await outcome(handlers.read('/vmlinux', 0, 1)), errno.EBADMSG);
  t.deepEqual(errors, [corrupt]);
  t.is(await outcome(handlers.attributes('/config')), 0);
  t.is((await handlers.names('/')).length, 4, 'it can still be listed');
});

test('a defect in the tree is EIO and reported', async (t) => {
  const errors: unknown[] = [];
  const broken: DirectoryNode = { ...directory(), lookup: () => Promise.reject(new TypeError('oops')) };
  const handlers = handlersOf(broken, (error) => errors.push(error));
  t.is(await outcome(handlers.attributes('/x')), errno.EIO);
  t.is(errors.length, 1);
});

test('an artifact that takes its time holds up only those who ask for it, and is made once', async (t) => {
  const slow = slowFile('slow');
  const handlers = handlersOf(directory({ slow, config: file('quick') }));
  const waiting = Promise.all([
    handlers.attributes('/slow'),
    handlers.attributes('/slow'),
    handlers.read('/slow', 0, 10),
  ]);
  t.is(String(await handlers.read('/config', 0, 10)), 'quick');
  t.is((await handlers.names('/')).length, 4);
  slow.finish();
  const [first, second, bytes] = await waiting;
  t.is(first.size, 4);
  t.is(second.size, 4);
  t.is(String(bytes), 'slow');
  t.is(slow.made, 1);
});

test('size and bytes of a volatile file are of one moment', async (t) => {
  let status = '{"state":"one"}';
  const handlers = handlersOf(directory({ 'status.json': volatileFile(() => status) }));
  const before = await handlers.attributes('/status.json');
  t.true(before.volatile);
  status = '{"state":"a much longer one"}';
  const bytes = await handlers.read('/status.json', 0, 4096);
  t.is(String(bytes), '{"state":"one"}', 'the bytes that the size was told of');
  t.is(bytes.length, before.size);

  const after = await handlers.attributes('/status.json');
  t.is(String(await handlers.read('/status.json', 0, 4096)), status);
  t.is(after.size, status.length);
  t.true(after.modified > before.modified);
});

test('a volatile file that changes changes its size, which is what makes the kernel drop its pages', async (t) => {
  let status = '{"n":1}';
  const handlers = handlersOf(directory({ 'status.json': volatileFile(() => status) }));
  const sizes = [(await handlers.attributes('/status.json')).size];
  for (const next of ['{"n":2}', '{"n":3}', '{"n":4}']) {
    status = next;
    const { size } = await handlers.attributes('/status.json');
    t.false(sizes.slice(-1).includes(size));
    sizes.push(size);
    const text = String(await handlers.read('/status.json', 0, 4096));
    t.is(text.length, size);
    t.deepEqual(JSON.parse(text), JSON.parse(next));
  }
  const unchanged = await handlers.attributes('/status.json');
  t.deepEqual([unchanged.size], sizes.slice(-1), 'without a change nothing changes');
});

test('directories are looked up once, until they are forgotten', async (t) => {
  const release = directory({ build: directory({ include: directory({ 'a.h': file('x') }) }) });
  const root = directory({ '6.1': release });
  const handlers = handlersOf(root);
  await handlers.attributes('/6.1/build/include/a.h');
  await handlers.read('/6.1/build/include/a.h', 0, 1);
  t.deepEqual(root.lookups, ['6.1']);
  t.deepEqual(release.lookups, ['build']);
  handlers.forget('/6.1/build');
  await handlers.attributes('/6.1/build/include/a.h');
  t.deepEqual(root.lookups, ['6.1']);
  t.deepEqual(release.lookups, ['build', 'build']);
  handlers.forget();
  await handlers.attributes('/6.1/build/include/a.h');
  t.deepEqual(root.lookups, ['6.1', '6.1']);
});

test('requests are counted by kind', async (t) => {
  const handlers = handlersOf(directory({ config: file('x') }));
  await handlers.attributes('/config');
  await handlers.attributes('/');
  await handlers.read('/config', 0, 1);
  await outcome(handlers.attributes('/nothing'));
  t.deepEqual(handlers.requests(), { GETATTR: 3, READ: 1 });
});
