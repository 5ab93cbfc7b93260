import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isMounted } from '../mount/daemon.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith, toolPath } from '../requirements.ts';
import { assertOneLine, commandLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const testMount = testWith(['corpus', 'mount', 'fuse-native']);

/** A mountpoint that is not there yet, and nothing mounted there after the test. */
function mountpointOf(t: ExecutionContext): string {
  const path = join(folderOf(t), 'a', 'mnt');
  // Teardowns run in reverse, so this comes before the folder's removal.
  t.teardown(() => {
    if (isMounted(path)) spawnSync('umount', ['-l', path]);
  });
  return path;
}

/** A daemon in the foreground, once it has said where the mount is. */
interface Foreground {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
}

async function mountInForeground(
  t: ExecutionContext,
  mountpoint: string,
  more: readonly string[] = [],
): Promise<Foreground> {
  const [command, ...args] = commandLine([
    'mount',
    mountpoint,
    '--sysroot',
    corpusRoot(),
    ...ownCache(t),
    ...more,
  ]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const whole = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.endsWith('Ctrl-C unmounts\n') || stdout.endsWith('\n}\n')) resolve();
    });
  });
  await Promise.race([whole, ended]);
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Reads a file of the mount as another process does. */
async function read(path: string): Promise<string> {
  return (await start('cat', [path])).stdout.toString();
}

testMount('mount makes its mountpoint, shows what is there, and Ctrl-C takes both away', async (t) => {
  const mountpoint = mountpointOf(t);
  const daemon = await mountInForeground(t, mountpoint);
  t.true(isMounted(mountpoint), daemon.stderr());
  const report = daemon.stdout();
  t.true(report.startsWith(`Mounted at ${mountpoint}\n`));
  t.regex(report, /^6\.1\.192-ik\n {2}image +.*vmlinuz-6\.1\.192-ik$/m);
  t.regex(report, /^ {2}kheaders\.tar\.xz, build +.*kheaders\.ko$/m);
  t.regex(report, /^ {2}btf\/MODULE +142 modules in .*6\.1\.192-ik$/m);
  t.true(report.includes(`  export BCC_KERNEL_SOURCE=${mountpoint}/${corpusRelease}/build `));
  t.regex(await read(join(mountpoint, corpusRelease, 'version')), /^Linux version 6\.1\.192-ik /);
  daemon.process.kill('SIGINT');
  daemon.process.kill('SIGINT');
  t.is(await daemon.ended, 0);
  t.false(isMounted(mountpoint));
  t.false(existsSync(dirname(mountpoint)), 'what was made is removed');
});

testMount('SIGTERM unmounts too, and a mountpoint that was there stays', async (t) => {
  const mountpoint = mountpointOf(t);
  mkdirSync(mountpoint, { recursive: true });
  const daemon = await mountInForeground(t, mountpoint, ['--json']);
  const report = JSON.parse(daemon.stdout()) as { mountpoint: string; variables: { name: string }[] };
  t.is(report.mountpoint, mountpoint);
  t.is(report.variables[0]?.name, 'BCC_KERNEL_SOURCE');
  daemon.process.kill('SIGTERM');
  t.is(await daemon.ended, 0);
  t.false(isMounted(mountpoint));
  t.true(existsSync(mountpoint));
});

testMount('unmount ends a mount and with it the daemon', async (t) => {
  const mountpoint = mountpointOf(t);
  const daemon = await mountInForeground(t, mountpoint);
  const { status, stderr } = await ikfs(['unmount', mountpoint]);
  t.is(status, 0);
  t.is(stderr, '');
  t.is(await daemon.ended, 0);
  t.is(daemon.stderr(), `ikfs: ${mountpoint} was unmounted from outside\n`);
  assertOneLine(t, await ikfs(['unmount', mountpoint]), 1, /nothing is mounted there/);
});

testMount('unmount of a mount in use says so, and of a dead one works', async (t) => {
  const mountpoint = mountpointOf(t);
  const daemon = await mountInForeground(t, mountpoint);
  const user = spawn('sh', ['-c', 'echo here; read line'], {
    cwd: mountpoint,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => user.stdout.once('data', resolve));
  const busy = await ikfs(['unmount', mountpoint]);
  t.is(busy.status, 0);
  t.regex(busy.stderr, /was in use; it is gone from there/);
  t.false(isMounted(mountpoint));
  user.stdin.end();
  t.is(await daemon.ended, 0);

  const next = await mountInForeground(t, mountpoint, ['--fence', 'off']);
  next.process.kill('SIGKILL');
  await next.ended;
  t.true(isMounted(mountpoint));
  t.is((await ikfs(['unmount', mountpoint])).status, 0);
  t.false(isMounted(mountpoint));
});

testMount('unmount leaves alone what is not ours', async (t) => {
  assertOneLine(t, await ikfs(['unmount', '/proc']), 1, /is not an ikfs mount but proc/);
});

testMount('in the background, the command returns when the mount answers', async (t) => {
  const mountpoint = mountpointOf(t);
  const command = ['mount', '--background', mountpoint, '--sysroot', corpusRoot(), ...ownCache(t)];
  const { status, stdout, stderr } = await ikfs(command);
  t.is(status, 0, stderr);
  t.true(isMounted(mountpoint));
  t.true(stdout.toString().endsWith(`ikfs unmount ${mountpoint} ends it\n`));
  t.regex(await read(join(mountpoint, corpusRelease, 'version')), /^Linux version /);
  assertOneLine(t, await ikfs(command), 2, /something is mounted there already/);
  t.is((await ikfs(['unmount', mountpoint])).status, 0);
  while (existsSync(mountpoint)) await pause(20);
  t.pass('the daemon has removed the mountpoint');
});

testMount('in the background, a failure is told with its exit status', async (t) => {
  const mountpoint = mountpointOf(t);
  const run = await ikfs(['mount', '--background', mountpoint, '--sysroot', '/no/such', ...ownCache(t)]);
  assertOneLine(t, run, 1, /\/no\/such/);
  t.false(existsSync(mountpoint));
});

testMount('a mount serves on when nobody reads its report', async (t) => {
  const mountpoint = mountpointOf(t);
  const words = commandLine(['mount', mountpoint, '--sysroot', corpusRoot(), ...ownCache(t)]);
  const running = start('sh', ['-c', '{ "$@"; echo $? >&2; } | true', 'sh', ...words]);
  while (!isMounted(mountpoint)) await pause(20);
  t.regex(await read(join(mountpoint, corpusRelease, 'version')), /^Linux version /);
  t.is((await ikfs(['unmount', mountpoint])).status, 0);
  t.regex((await running).stderr, /unmounted from outside\n0\n$/);
});

testMount(
  'failures are logged once, artifacts only when asked for, with priorities for the journal',
  async (t) => {
    const root = folderOf(t);
    mkdirSync(join(root, 'boot'));
    const image = readFileSync(join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`));
    writeFileSync(join(root, 'boot', 'vmlinuz'), image.fill(0, 4_000_000, 4_000_100));
    const log = join(folderOf(t), 'log');
    const descriptor = openSync(log, 'w');
    t.teardown(() => closeSync(descriptor));
    const { dev, ino } = fstatSync(descriptor);
    const mountpoint = mountpointOf(t);
    const [command, ...args] = commandLine([
      'mount',
      mountpoint,
      '--sysroot',
      root,
      ...ownCache(t),
      '--verbose',
    ]);
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', descriptor],
      env: { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` },
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    while (!isMounted(mountpoint)) await pause(20);
    for (const name of ['btf/vmlinux', 'vmlinux', 'btf/vmlinux']) {
      t.not((await start('cat', [join(mountpoint, corpusRelease, name)])).status, 0);
    }
    t.true((await read(join(mountpoint, 'status.json'))).includes('"failed"'), 'the rest goes on');
    child.kill('SIGTERM');
    await ended;
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const failures = lines.filter((line) => line.includes('gzip'));
    t.is(failures.length, new Set(failures).size);
    for (const line of lines) t.regex(line, /^<[36]>ikfs: /);
  },
);

testWith(['root', 'fuse-native', 'tool:setpriv'])(
  'where mounting is not possible, one line says so and what to do',
  async (t) => {
    const mountpoint = mountpointOf(t);
    const words = commandLine(['mount', mountpoint, ...ownCache(t)]);
    const args = ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', ...words];
    const run = await start(toolPath('setpriv') ?? 'setpriv', args, { env: { PATH: '/nowhere' } });
    assertOneLine(
      t,
      run,
      4,
      /can not mount here: .*\. Without a mount, ikfs ls, cat and extract show the same tree/,
    );
    t.false(existsSync(mountpoint));
  },
);
