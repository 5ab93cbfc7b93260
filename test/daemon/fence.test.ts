import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { isMounted, startDaemon } from '../mount/daemon.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { assertOneLine, folderOf, ikfs } from './ikfs.ts';
import { eventually } from './service.ts';

const keeper = join(packageRoot, 'build', 'Release', 'ikfs-keeper');

/** A line of /proc/PID/status. */
function statusLine(pid: number | undefined, name: string): string | undefined {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
}

/** What a fenced script of Node's puts out; a folder may be read, another written to. */
function fenced(t: ExecutionContext, script: string): { said: unknown; readable: string; writable: string } {
  const folder = folderOf(t);
  const [mountpoint, readable, writable] = ['mnt', 'readable', 'writable'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const each of [mountpoint, readable, writable, join(folder, 'hidden')]) mkdirSync(each);
  writeFileSync(join(readable, 'file'), 'to be read');
  writeFileSync(join(folder, 'hidden', 'file'), 'not to be read');
  const rights = [
    '/usr',
    '/lib',
    '/lib64',
    '/bin',
    '/proc',
    '/dev/null',
    '/dev/urandom',
    '/etc/ld.so.cache',
    '/etc/ssl',
  ];
  const { status, stdout, stderr } = spawnSync(
    keeper,
    [
      ...['--mountpoint', mountpoint],
      ...[...rights, readable].flatMap((path) => ['--read', path]),
      ...['--write', writable, '--', process.execPath, '-e', script, folder],
    ],
    { encoding: 'utf8' },
  );
  t.is(status, 0, stderr);
  return { said: JSON.parse(stdout), readable, writable };
}

/** Begins scripts: `attempt` gives `done` or the code that something failed with. */
const attempts = `
  const fs = require('node:fs'), { spawnSync } = require('node:child_process'), { join } = require('node:path');
  const folder = process.argv[1], said = {};
  const attempt = (name, act) => { try { act(); said[name] = 'done'; } catch (error) { said[name] = error.code; } };
`;

testWith(['addon'])('what is fenced reaches no file but those it was given', (t) => {
  const { said, writable } = fenced(
    t,
    `${attempts}
    attempt('read', () => fs.readFileSync(join(folder, 'readable/file')));
    attempt('write what is to be read', () => fs.writeFileSync(join(folder, 'readable/file'), 'other'));
    attempt('read what is hidden', () => fs.readFileSync(join(folder, 'hidden/file')));
    attempt('list what is hidden', () => fs.readdirSync(join(folder, 'hidden')));
    attempt('write elsewhere', () => fs.writeFileSync(join(folder, 'new'), 'x'));
    attempt('remove elsewhere', () => fs.unlinkSync(join(folder, 'hidden/file')));
    attempt('write', () => fs.writeFileSync(join(folder, 'writable/new'), 'kept'));
    attempt('rename', () => fs.renameSync(join(folder, 'writable/new'), join(folder, 'writable/newer')));
    attempt('link out', () => fs.linkSync(join(folder, 'writable/newer'), join(folder, 'new')));
    attempt('change rights', () => fs.chmodSync(join(folder, 'writable/newer'), 0o4755));
    attempt('change owner', () => fs.chownSync(join(folder, 'writable/newer'), 1, 1));
    attempt('read the shadow', () => fs.readFileSync('/etc/shadow'));
    console.log(JSON.stringify(said));`,
  );
  t.deepEqual(said, {
    read: 'done',
    'write what is to be read': 'EACCES',
    'read what is hidden': 'EACCES',
    'list what is hidden': 'EACCES',
    'write elsewhere': 'EACCES',
    'remove elsewhere': 'EACCES',
    write: 'done',
    rename: 'done',
    'link out': 'EACCES',
    'change rights': 'EPERM',
    'change owner': 'EPERM',
    'read the shadow': 'EACCES',
  });
  t.is(readFileSync(join(writable, 'newer'), 'utf8'), 'kept');
});

testWith(['addon', 'root', 'tool:unshare', 'tool:mount'])(
  'what is fenced can not mount, enter namespaces, signal others, or open the network',
  (t) => {
    const { said } = fenced(
      t,
      `${attempts}
      const run = (command, ...args) => {
        const { status } = spawnSync(command, args);
        said[command] = status;
      };
      run('mount', '-t', 'tmpfs', 'none', join(folder, 'mnt'));
      run('unshare', '--user', 'true');
      run('true');
      attempt('signal', () => process.kill(${process.pid}, 0));
      attempt('become another', () => process.setuid(65534));
      const socket = require('node:net').connect(9, '127.0.0.1');
      socket.on('error', ({ code }) => {
        said.network = code;
        said.capabilities = /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1];
        said.fence = process.env.IKFS_FENCE.split(',').map((part) => part.split('=')[0]);
        console.log(JSON.stringify(said));
      });`,
    );
    t.deepEqual(said, {
      mount: 32,
      unshare: 1,
      true: 0,
      signal: 'EPERM',
      'become another': 'EPERM',
      network: 'EPERM',
      capabilities: '0000000000800004',
      fence: ['capabilities', 'no-new-privileges', 'landlock', 'seccomp'],
    });
  },
);

testWith(['mount', 'addon', 'corpus', 'root'])(
  'a mount is fenced, says so, and serves all there is',
  async (t) => {
    const daemon = await startDaemon(['--sysroot', corpusRoot()]);
    t.teardown(daemon.stop);
    const { pid } = daemon.process;
    t.is(statusLine(pid, 'CapPrm'), '0000000000800004');
    t.is(statusLine(pid, 'CapBnd'), '0000000000800004');
    t.is(statusLine(pid, 'NoNewPrivs'), '1');
    t.is(statusLine(pid, 'Seccomp'), '2');
    const kernel = join(daemon.mountpoint, '6.1.192-ik');
    t.true(statSync(join(kernel, 'btf', 'vmlinux')).size > 0);
    t.true(statSync(join(kernel, 'types', 'vmlinux.h')).size > 0);
    t.true(readdirSync(join(kernel, 'build')).includes('include'));
    const status = JSON.parse(readFileSync(join(daemon.mountpoint, 'status.json'), 'utf8')) as {
      fence: string[];
    };
    t.deepEqual(
      status.fence.map((part) => part.split('=')[0]),
      ['capabilities', 'no-new-privileges', 'landlock', 'seccomp'],
    );
    t.is(await daemon.stop(), 0);
    t.false(isMounted(daemon.mountpoint));
  },
);

testWith(['mount', 'addon', 'corpus', 'root'])('--fence off does without', async (t) => {
  const daemon = await startDaemon(['--sysroot', corpusRoot(), '--fence', 'off']);
  t.teardown(daemon.stop);
  t.is(statusLine(daemon.process.pid, 'Seccomp'), statusLine(process.pid, 'Seccomp'));
  t.is(statusLine(daemon.process.pid, 'CapBnd'), statusLine(process.pid, 'CapBnd'));
});

testWith(['mount', 'addon', 'corpus'])(
  'a daemon that is killed leaves no mount, nor a mountpoint that it made',
  async (t) => {
    const mountpoint = join(folderOf(t), 'made', 'mnt');
    const child = spawn(
      process.execPath,
      [
        join(packageRoot, process.env['IKFS_DIST'] ?? 'dist', 'daemon', 'main.js'),
        ...['mount', mountpoint, '--sysroot', corpusRoot(), '--cache-dir', join(folderOf(t), 'cache')],
      ],
      { stdio: 'ignore' },
    );
    await eventually('it is mounted', () => isMounted(mountpoint) && existsSync(join(mountpoint, 'README')));
    child.kill('SIGKILL');
    await eventually('it is unmounted', () => !isMounted(mountpoint) && !existsSync(join(mountpoint, '..')));
    t.pass();
  },
);

testWith(['mount', 'root', 'addon', 'corpus', 'tool:mount', 'tool:umount'])(
  'what others have mounted in its place is left alone when a daemon ends',
  async (t) => {
    const daemon = await startDaemon(['--sysroot', corpusRoot()]);
    const { mountpoint } = daemon;
    t.is(spawnSync('umount', [mountpoint]).status, 0);
    t.is(spawnSync('mount', ['-t', 'tmpfs', 'none', mountpoint]).status, 0);
    t.teardown(() => spawnSync('umount', [mountpoint]));
    await daemon.stop();
    t.true(isMounted(mountpoint));
  },
);

testWith(['addon'])('a fence that is to be and can not be is an error', async (t) => {
  const folder = folderOf(t);
  const run = await ikfs(['mount', join(folder, 'mnt'), '--fence', 'require', '--transport', 'fuse-native']);
  // Where that transport does not load there is another reason.
  assertOneLine(t, run, 4, /no fence: the transport fuse-native mounts by itself|can not mount here/);
  assertOneLine(t, await ikfs(['mount', '--fence', 'perhaps']), 2, /auto, require, off/);
});

testWith(['mount', 'addon', 'corpus', 'root'])(
  'others may read what they can read where it comes from, and all or nothing where that is wanted',
  async (t) => {
    const folder = folderOf(t);
    chmodSync(folder, 0o755);
    const image = join(folder, 'vmlinuz');
    const boot = join(corpusRoot(), 'boot');
    copyFileSync(join(boot, readdirSync(boot).find((name) => name.startsWith('vmlinuz')) ?? ''), image);
    /** Of types, and of headers that are made from them. */
    const modesWith = async (mode: number, ...options: string[]): Promise<string> => {
      chmodSync(image, mode);
      const daemon = await startDaemon(['--image', image, ...options]);
      const modeOf = (path: string): string =>
        (statSync(join(daemon.mountpoint, '6.1.192-ik', path)).mode & 0o777).toString(8);
      try {
        return `${modeOf('btf/vmlinux')} ${modeOf('bpf-headers')}`;
      } finally {
        await daemon.stop();
      }
    };
    t.is(await modesWith(0o644), '644 755');
    t.is(await modesWith(0o600), '600 700');
    t.is(await modesWith(0o600, '--expose', 'all'), '644 755');
    t.is(await modesWith(0o644, '--expose', 'none'), '600 700');
    const modules = join(folder, '6.1.192-ik');
    mkdirSync(modules);
    copyFileSync(join(corpusRoot(), 'lib/modules/6.1.192-ik/kernel/fs/xfs/xfs.ko'), join(modules, 'xfs.ko'));
    t.is(await modesWith(0o644, '--modules', modules), '644 755');
    chmodSync(join(modules, 'xfs.ko'), 0o600);
    t.is(await modesWith(0o644, '--modules', modules), '644 700', "the module's types are in them");
    chmodSync(folder, 0o700);
    t.is(await modesWith(0o644), '600 700', 'a file that others can not get to');
  },
);

testWith(['mount', 'addon', 'corpus'])('nothing of the tree itself is taken for a source', async (t) => {
  const folder = folderOf(t);
  const mountpoint = join(folder, 'mnt');
  mkdirSync(mountpoint);
  symlinkSync(join(mountpoint, '6.1.192-ik', 'vmlinux'), join(folder, 'link'));
  const refused = await ikfs(['mount', mountpoint, '--image', join(folder, 'link'), '--no-cache']);
  assertOneLine(t, refused, 2, /lies in the tree that is to be mounted/);

  // A link that leads there later is not followed either: ikfs would wait for itself.
  const boot = join(corpusRoot(), 'boot');
  const image = join(boot, readdirSync(boot).find((name) => name.startsWith('vmlinuz')) ?? '');
  const link = join(folder, 'image');
  symlinkSync(image, link);
  const daemon = await startDaemon(['--image', link]);
  t.teardown(daemon.stop);
  rmSync(link);
  symlinkSync(join(daemon.mountpoint, '6.1.192-ik', 'vmlinux'), link);
  daemon.process.kill('SIGHUP');
  await eventually('it looks again', () => daemon.output().includes('lies in the tree'));
  t.true(statSync(join(daemon.mountpoint, '6.1.192-ik', 'version')).size > 0, 'what was there is served on');
});
