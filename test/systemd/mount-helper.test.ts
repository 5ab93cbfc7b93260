/* mount.ikfs: what mount(8) and fstab say, as a command line of ikfs. */
import test from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mount } from '../../daemon/commands/mount.ts';
import { helperCall } from '../../daemon/mount-helper-call.ts';
import { mountWords, mountWordsOf } from '../../daemon/mount-helper-options.ts';
import { parseArguments, specOf } from '../../daemon/options.ts';
import { packageRoot } from '../../src/native.ts';
import { folderOf } from '../daemon/ikfs.ts';
import { testWith } from '../requirements.ts';
import { compiled } from './install-service.ts';

test('every option of ikfs mount goes behind -o, by its name', (t) => {
  for (const name of mount.options) {
    if (mountWords.has(name)) continue;
    const isFlag = specOf(name).type === 'boolean';
    const { args, unknown } = mountWordsOf(isFlag ? name : `${name}=5`);
    t.deepEqual([args, unknown], [[isFlag ? `--${name}` : `--${name}=5`], []], name);
    // The command understands it.
    t.notThrows(() => parseArguments(args, mount.options));
  }
  t.deepEqual(mountWordsOf('no-cache,no-prefetch,allow_other').args, [
    '--no-cache',
    '--no-prefetch',
    '--allow-other',
  ]);
});

test('what mount(8), fstab and systemd say among themselves has no effect', (t) => {
  const words =
    'rw,ro,defaults,auto,noauto,nofail,user,nosuid,nodev,_netdev,x-systemd.automount,x-systemd.idle-timeout=5min,X-mount.mkdir=0755,uid=5,gid=5,umask=022,noatime,relatime,comment=a';
  t.deepEqual(mountWordsOf(words), { args: [], restrictions: [], unknown: [] });
  t.deepEqual(mountWordsOf(''), { args: [], restrictions: [], unknown: [] });
});

test('what restricts the mount further is kept for afterwards', (t) => {
  t.deepEqual(mountWordsOf('rw,noexec,nosymfollow').restrictions, ['noexec', 'nosymfollow']);
});

test('what can not be had is refused, not passed over', (t) => {
  for (const word of ['remount', 'suid', 'dev', 'allow_root', 'json', 'background']) {
    t.throws(() => mountWordsOf(word), { code: 'usage', message: new RegExp(`'${word}' can not be had`) });
  }
  t.throws(() => mountWordsOf('release'), { code: 'usage', message: /needs a value/ });
  t.throws(() => mountWordsOf('no-cache=1'), { code: 'usage', message: /takes no value/ });
  t.deepEqual(mountWordsOf('no-release,no-such,cachedir=/x').unknown, ['no-release', 'no-such', 'cachedir']);
});

test('a comma between quotes is no separator', (t) => {
  t.deepEqual(mountWordsOf('image="/a,b/vmlinuz",ro').args, ['--image=/a,b/vmlinuz']);
});

test('sources: the running kernel, a root, an image', (t) => {
  const folder = folderOf(t);
  const image = join(folder, 'vmlinuz');
  writeFileSync(image, '');
  const argsOf = (source: string): readonly string[] => helperCall([source, '/mnt', '-o', 'rw']).args;
  for (const source of ['ikfs', 'running', 'none']) {
    t.deepEqual(argsOf(source), ['mount', '--background', '--', '/mnt']);
  }
  t.deepEqual(argsOf(folder), ['mount', '--background', `--sysroot=${folder}`, '--', '/mnt']);
  t.deepEqual(argsOf(image), ['mount', '--background', `--image=${image}`, '--', '/mnt']);
  t.throws(() => argsOf(join(folder, 'missing')), { code: 'not-found' });
});

test('the ways in which mount(8) may write its call', (t) => {
  const call = helperCall([
    'none',
    '/mnt',
    '-svn',
    '-N',
    '/proc/7/ns/mnt',
    '-orw,no-cache',
    '-o',
    'odd',
    '-t',
    'ikfs.x',
  ]);
  t.like(call, {
    directory: '/mnt',
    verbose: true,
    fake: false,
    namespace: '/proc/7/ns/mnt',
    ignored: ['odd'],
  });
  t.true(call.args.includes('--no-cache'));
  t.true(helperCall(['none', '/mnt', '-f']).fake);
  t.throws(() => helperCall(['none', '/mnt', '-o', 'odd']), { code: 'usage', message: /'odd'/ });
  for (const args of [['none'], ['none', '/mnt', 'more'], ['none', '/mnt', '-o'], ['none', '/mnt', '-x']]) {
    t.throws(() => helperCall(args), { code: 'usage' }, args.join(' '));
  }
});

test('the table in README.md is the table in the code', (t) => {
  const readme = readFileSync(join(packageRoot, 'systemd', 'README.md'), 'utf8');
  const table = /\| behind -o [^]*?\n\n/.exec(readme)?.[0] ?? '';
  const told = [...table.matchAll(/`([\w]+)`/g)].map(([, name = '']) => name);
  t.deepEqual(
    [...mountWords.keys()].filter((name) => !told.includes(name)),
    [],
  );
});

const script = join(compiled, 'daemon', 'mount-helper.js');

test('its exit status is what mount(8) expects', (t) => {
  const statusOf = (...args: readonly string[]): number | null =>
    spawnSync(process.execPath, [script, ...args], { stdio: 'ignore' }).status;
  t.is(statusOf('none'), 1);
  t.is(statusOf('none', '/mnt', '-o', 'no-such-word'), 1);
  t.is(statusOf('/no/such/source', '/mnt'), 32);
  t.is(statusOf('none', '/mnt', '-f', '-o', 'ro'), 0);
});

testWith(['mount', 'root', 'corpus'])('mounts, and umount(8) ends it', (t) => {
  const folder = folderOf(t);
  const place = join(folder, 'mount');
  mkdirSync(place);
  const corpus = process.env['IKFS_CORPUS'] ?? join(packageRoot, '..', 'shared', 'corpus', 'ik-6.1.192');
  const words = `rw,noexec,cache-dir=${join(folder, 'store')},nofail`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, corpus, place, '-o', words], {
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
  t.is(stdout, '');
  try {
    t.regex(execFileSync('ls', [place], { encoding: 'utf8' }), /6\.1\.192-ik/);
    const line = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((each) => each.includes(` ${place} `));
    t.regex(line ?? '', /ro,nosuid,nodev,noexec/);
  } finally {
    execFileSync('umount', [place]);
  }
});
