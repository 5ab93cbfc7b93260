import test from 'ava';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IkfsError } from '../../src/errors.ts';
import { SystemRoot } from '../../src/source/system-root.ts';
import { temporaryFolder } from '../open-tree.ts';

test('an absolute link in another root leads to inside that root', (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  mkdirSync(join(folder.path, 'usr/lib/modules'), { recursive: true });
  symlinkSync('/usr/lib', join(folder.path, 'lib'));
  const root = new SystemRoot(folder.path);
  t.is(root.resolve('/lib/modules'), join(folder.path, 'usr/lib/modules'));
});

test('a link that climbs out of another root stays at its top', (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  mkdirSync(join(folder.path, 'boot'));
  mkdirSync(join(folder.path, 'etc'));
  writeFileSync(join(folder.path, 'etc/passwd'), 'inside');
  symlinkSync('../../../../etc/passwd', join(folder.path, 'boot/vmlinuz'));
  t.is(new SystemRoot(folder.path).resolve('/boot/vmlinuz'), join(folder.path, 'etc/passwd'));
});

test('links in a circle are an error, and a missing file is none', (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  symlinkSync('b', join(folder.path, 'a'));
  symlinkSync('a', join(folder.path, 'b'));
  const root = new SystemRoot(folder.path);
  const error = t.throws(() => root.resolve('/a'), { instanceOf: IkfsError });
  t.is(error.code, 'corrupt');
  t.is(root.resolve('/c/d'), undefined);
  t.throws(() => root.open('/c'), { instanceOf: IkfsError, code: 'not-found' });
});
