import test from 'ava';
import {
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { OutputDirectory } from '../../daemon/output-directory.ts';
import { IkfsError } from '../../src/errors.ts';
import { folderOf } from './ikfs.ts';

const modified = Date.UTC(2020, 1, 2, 3, 4, 5);

function bytes(text: string): Uint8Array[] {
  return [Buffer.from(text)];
}

test('files, links and directories keep modes and times', (t) => {
  const root = join(folderOf(t), 'a', 'out');
  const output = new OutputDirectory(root, false);
  output.directory('scripts', modified);
  output.file('scripts/run', 0o755, modified, bytes('run'));
  output.file('scripts/read', 0o600, modified, bytes('read'));
  output.file('include/linux/a.h', 0o644, modified, bytes('a'));
  output.link('include/asm', 'linux', modified);
  output.close();
  t.is(readFileSync(join(root, 'include/asm/a.h'), 'utf8'), 'a');
  t.is(statSync(join(root, 'scripts/run')).mode & 0o777, 0o755);
  t.is(statSync(join(root, 'scripts/read')).mode & 0o777, 0o600);
  for (const path of ['scripts', 'scripts/run', 'include/linux/a.h', 'include/asm']) {
    t.is(lstatSync(join(root, path)).mtimeMs, modified, path);
  }
});

for (const path of ['../escaped', 'a/../../escaped', '/escaped', 'a//b', './a', 'a/', '']) {
  test(`nothing is written to ${JSON.stringify(path)}`, (t) => {
    const folder = folderOf(t);
    const output = new OutputDirectory(join(folder, 'out'), true);
    t.throws(() => output.file(path, 0o644, modified, bytes('x')), { instanceOf: IkfsError });
    output.close();
    t.deepEqual(readdirSync(folder), ['out']);
    t.false(existsSync('/escaped'));
  });
}

for (const target of ['/etc/passwd', '../../x', 'a/../../..', '']) {
  test(`no link is made to ${JSON.stringify(target)}`, (t) => {
    const output = new OutputDirectory(folderOf(t), false);
    t.throws(() => output.link('below/link', target, modified), { code: 'corrupt' });
    output.close();
  });
}

test('a link that lies in the way of a directory is not followed', (t) => {
  const [root, elsewhere] = [folderOf(t), folderOf(t)];
  symlinkSync(elsewhere, join(root, 'build'));
  for (const overwrite of [false, true]) {
    const output = new OutputDirectory(root, overwrite);
    const error = t.throws(() => output.file('build/include/a.h', 0o644, modified, bytes('x')), {
      instanceOf: IkfsError,
    });
    t.is(error.path, join(root, 'build/include/a.h'));
    output.close();
  }
  t.deepEqual(readdirSync(elsewhere), []);
});

test('a directory that is exchanged for a link while it is written to leads nowhere else', (t) => {
  const [root, elsewhere] = [folderOf(t), folderOf(t)];
  const output = new OutputDirectory(root, false);
  output.file('build/first', 0o644, modified, bytes('x'));
  renameSync(join(root, 'build'), join(root, 'moved'));
  symlinkSync(elsewhere, join(root, 'build'));
  output.file('build/second', 0o644, modified, bytes('x'));
  output.close();
  t.deepEqual(readdirSync(elsewhere), []);
  t.deepEqual(readdirSync(join(root, 'moved')).sort(), ['first', 'second']);
});

test('a file that is there is kept, unless overwriting is asked for; what its link leads to always is', (t) => {
  const [root, elsewhere] = [folderOf(t), folderOf(t)];
  const precious = join(elsewhere, 'precious');
  writeFileSync(precious, 'precious');
  symlinkSync(precious, join(root, 'config'));
  const careful = new OutputDirectory(root, false);
  t.throws(() => careful.file('config', 0o644, modified, bytes('new')), {
    code: 'usage',
    message: 'is there already',
  });
  careful.close();
  t.is(readlinkSync(join(root, 'config')), precious);
  const overwriting = new OutputDirectory(root, true);
  overwriting.file('config', 0o644, modified, bytes('new'));
  overwriting.close();
  t.is(readFileSync(join(root, 'config'), 'utf8'), 'new');
  t.is(readFileSync(precious, 'utf8'), 'precious');
});

test('a file whose content can not be had to its end is not left behind', (t) => {
  const root = folderOf(t);
  const output = new OutputDirectory(root, false);
  function* broken(): Generator<Uint8Array> {
    yield Buffer.from('half');
    throw new IkfsError('changed', 'became shorter');
  }
  t.throws(() => output.file('btf', 0o644, modified, broken()), { code: 'changed' });
  output.close();
  t.deepEqual(readdirSync(root), []);
});
