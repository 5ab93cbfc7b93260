/* `ikfs exec` with the kernel of the corpus, shown at the paths of the running one. */
import type { ExecutionContext } from 'ava';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../mount/daemon.ts';
import { corpusRelease, corpusTruth, sha256 } from '../real/truth.ts';
import { asNobody, corpusRoot, testWith } from '../requirements.ts';
import { running, startExec, tracesOf } from './exec-run.ts';
import type { Executed } from './exec-run.ts';
import { assertOneLine, folderOf, ikfs, ownCache } from './ikfs.ts';
import { eventually, startService } from './service.ts';

const testExec = testWith(['corpus', 'mount', 'addon', 'root']);

/** Shows the corpus kernel by a mount for this command only. */
function showCorpus(t: ExecutionContext): string[] {
  return ['--sysroot', corpusRoot(), ...ownCache(t)];
}

/** Runs a shell script by `ikfs exec`, and sees that nothing is left of it. */
async function script(options: readonly string[], text: string): Promise<Executed> {
  const run = startExec([...options, '--', 'sh', '-c', text]);
  await run.ended;
  await eventually('nothing is left', () => tracesOf(run).length === 0);
  return run;
}

testExec('a command sees the artifacts where tools look for them, and nobody else does', async (t) => {
  const run = await script(
    showCorpus(t),
    `modules=/lib/modules/$(uname -r)
     test -f $modules/build/include/linux/kconfig.h && test -f $modules/source/include/linux/kconfig.h &&
     ! test -L $modules/build && ! test -L $modules/source && ! test -L /sys/kernel/kheaders.tar.xz &&
     cmp /boot/config-$(uname -r) ${corpusRoot()}/boot/config-${corpusRelease} &&
     cmp $modules/config /boot/config-$(uname -r) &&
     test -d /sys/kernel/mm && ls /sys/kernel/btf | wc -l &&
     sha256sum </sys/kernel/kheaders.tar.xz &&
     echo "$BCC_KERNEL_SOURCE" && touch /boot/file 2>&1`,
  );
  t.regex(run.stderr(), new RegExp(`^ikfs: the paths of ${running}, .* show kernel ${corpusRelease}: `));
  const [modules, archive = '', headers, complaint] = run.stdout().trimEnd().split('\n');
  t.is(modules, '143', run.stderr());
  t.is(archive.split(' ')[0], corpusTruth()['kheaders.tar.xz']?.sha256);
  t.is(headers, `/lib/modules/${running}/build`);
  t.regex(complaint ?? '', /Read-only file system/, 'what would be lost is refused');
  t.false(existsSync(`/lib/modules/${running}/build/include/linux/kconfig.h`));
});

testExec('the process becomes the command: status, signals, streams and directory are its own', async (t) => {
  t.is(await startExec([...showCorpus(t), '--', 'sh', '-c', 'exit 3']).ended, 3);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGSEGV'] as const) {
    const run = startExec([...showCorpus(t), '--', 'sh', '-c', `ulimit -c 0; kill -${signal.slice(3)} $$`]);
    t.is(await run.ended, signal, run.stderr());
  }
  const cwd = folderOf(t);
  const run = startExec(
    [...showCorpus(t), '--', 'sh', '-c', 'echo $$; pwd; trap "echo told; exit 5" TERM; cat; :'],
    {
      cwd,
    },
  );
  await eventually('the command runs', () => run.stdout().includes(cwd));
  t.is(run.stdout(), `${run.process.pid}\n${cwd}\n`, 'it has the number of ikfs');
  run.process.kill('SIGTERM');
  run.process.stdin?.end('last words\n');
  t.is(await run.ended, 5);
  t.regex(run.stdout(), /last words\ntold\n$/);
  await eventually('nothing is left', () => tracesOf(run).length === 0);
  t.is(
    await startExec([...showCorpus(t), '--', 'sh', '-c', 'yes | head -1 >/dev/null; kill -PIPE $$']).ended,
    'SIGPIPE',
  );
});

testExec('what can not be run has the status that env(1) gives, and leaves nothing behind', async (t) => {
  for (const [command, status] of [
    ['/nowhere/command', 127],
    ['/etc/passwd', 126],
  ] as const) {
    const run = startExec([...showCorpus(t), '--', command]);
    t.is(await run.ended, status, run.stderr());
    t.true(run.stderr().includes(`ikfs: ${command}: `));
    await eventually('nothing is left', () => tracesOf(run).length === 0);
  }
});

testExec('a mount for one command lives as long as anything that the command has started', async (t) => {
  const text = `exec 3<&0; (read line <&3; wc -c <"/lib/modules/$(uname -r)/build/include/linux/kconfig.h") & echo started`;
  const run = startExec([...showCorpus(t), '--', 'sh', '-c', text]);
  await once(run.process, 'exit');
  t.is(run.stdout(), 'started\n');
  t.true(tracesOf(run).length > 0);
  run.process.stdin?.end('\n');
  await run.ended;
  t.regex(run.stdout(), /started\n\d{3,}\n/);
  await eventually('nothing is left', () => tracesOf(run).length === 0);
});

testExec('killed in whatever way while it mounts, it leaves nothing behind', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const run = startExec([...showCorpus(t), '--', 'sleep', '60']);
    await eventually('it has begun', () => tracesOf(run).length > 0);
    run.process.kill(signal);
    t.is(await run.ended, signal, run.stderr());
    await eventually('nothing is left', () => tracesOf(run).length === 0);
  }
});

testExec('a mount that is there is used, and stays', async (t) => {
  const daemon = await startDaemon(['--sysroot', corpusRoot()]);
  t.teardown(daemon.stop);
  const options = ['--mount', daemon.mountpoint, '--release', corpusRelease];
  const run = await script(options, 'sha256sum <"/lib/modules/$(uname -r)/build/include/linux/kconfig.h"');
  const file = join(daemon.mountpoint, corpusRelease, 'build/include/linux/kconfig.h');
  const text = (await script(['--mount', daemon.mountpoint], `cat ${file}`)).stdout();
  t.is(run.stdout().split(' ')[0], sha256(Buffer.from(text)));
  assertOneLine(
    t,
    await ikfs(['exec', '--mount', daemon.mountpoint, '--release', '1.2.3', '--', 'true']),
    1,
    /there is no kernel 1\.2\.3.*There is 6\.1\.192-ik/,
  );
});

testExec('--dry-run tells what would be laid over, and runs nothing', async (t) => {
  const run = startExec(['--dry-run', ...showCorpus(t), '--', 'sh', '-c', 'echo run']);
  t.is(await run.ended, 0, run.stderr());
  t.regex(run.stdout(), new RegExp(`^/lib/modules/${running}/build +laid-over +/run/ikfs-exec-\\d+/6`, 'm'));
  t.regex(run.stdout(), new RegExp(`^BCC_KERNEL_SOURCE=/lib/modules/${running}/build$`, 'm'));
  t.notRegex(run.stdout(), /^run$/m);
  await eventually('nothing is left', () => tracesOf(run).length === 0);
});

testExec('a command line that is no good is told before anything is mounted', async (t) => {
  assertOneLine(t, await ikfs(['exec']), 2, /there is no command to run/);
  assertOneLine(
    t,
    await ikfs(['exec', '--mount', '/x', '--sysroot', '/', '--', 'true']),
    2,
    /--mount goes with no/,
  );
  assertOneLine(t, await ikfs(['exec', '--mount', folderOf(t), '--', 'true']), 1, /no ikfs is mounted there/);
});

/** A directory that other users can look into. */
function openFolder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ikfs-test-'));
  chmodSync(path, 0o755);
  t.teardown(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

testWith(['corpus', 'mount', 'addon', 'other-user'])(
  'another user sees the artifacts of a mount of root in a user namespace, with no more rights than before',
  async (t) => {
    const mountpoint = join(openFolder(t), 'mnt');
    const service = startService(t, { mountpoint, args: ['--sysroot', corpusRoot()] });
    await eventually('it is mounted', () => service.stdout().includes('Ctrl-C'));
    const text =
      'id -u; grep CapEff /proc/self/status; wc -c <"/lib/modules/$(uname -r)/build/include/linux/kconfig.h"';
    const run = startExec(['--mount', mountpoint, '--', 'sh', '-c', text], {}, asNobody);
    t.is(await run.ended, 0, run.stderr());
    t.regex(run.stdout(), /^65534\nCapEff:\s0+\n\d{3,}\n$/);
    service.process.kill('SIGTERM');
    t.is(await service.ended, 0);
  },
);

testWith(['corpus', 'mount', 'addon', 'other-user'])(
  'another user is told when user namespaces are forbidden, and nothing is run',
  async (t) => {
    const folder = openFolder(t);
    const [mountpoint, jail] = [join(folder, 'mnt'), join(folder, 'jail')];
    mkdirSync(jail);
    const service = startService(t, { mountpoint, args: ['--sysroot', corpusRoot()] });
    await eventually('it is mounted', () => service.stdout().includes('Ctrl-C'));
    // The kernel lets no process below a changed root have one: user_namespaces(7).
    const script = 'mount --rbind / "$0" && exec chroot --userspec=65534:65534 --groups= "$0" "$@"';
    const before = ['unshare', '--mount', 'sh', '-c', script, jail];
    const run = startExec(['--mount', mountpoint, '--', 'echo', 'it was run'], {}, before);
    t.is(await run.ended, 4, run.stderr());
    t.is(run.stdout(), '');
    t.regex(
      run.stderr(),
      /^ikfs: this user may make no mount namespace \(Operation not permitted\)\. Run as root/m,
    );
    service.process.kill('SIGTERM');
    t.is(await service.ended, 0);
  },
);

testWith(['corpus', 'mount', 'addon', 'other-user', 'tool:fusermount3', 'tool:mknod'])(
  'another user mounts for a command, where /dev/fuse is for everybody',
  async (t) => {
    const folder = openFolder(t);
    const runtime = join(folder, 'runtime');
    mkdirSync(runtime);
    // A device that all may open lies over the system's, for these processes alone.
    const device = `mknod -m 666 ${folder}/fuse c 10 229 && mount --bind ${folder}/fuse /dev/fuse &&
      chown 65534 ${runtime} && exec "$@"`;
    const before = ['unshare', '--mount', 'sh', '-c', device, 'sh', ...asNobody];
    const run = startExec(
      [
        '--sysroot',
        corpusRoot(),
        '--cache-dir',
        `${runtime}/cache`,
        '--',
        'sh',
        '-c',
        'ls "/lib/modules/$(uname -r)/build/include/linux/kconfig.h"',
      ],
      { env: { XDG_RUNTIME_DIR: runtime } },
      before,
    );
    t.is(await run.ended, 0, run.stderr());
    t.regex(run.stdout(), /kconfig\.h\n$/);
    await eventually('nothing is left', () => tracesOf(run, runtime).length === 0);
  },
);

testWith(['corpus', 'mount', 'addon', 'other-user'])(
  'root is not led to a mount of another user, nor to one that another user could replace',
  async (t) => {
    const folder = openFolder(t);
    chmodSync(folder, 0o777);
    const mountpoint = join(folder, 'mnt');
    const service = startService(t, { mountpoint, args: ['--sysroot', corpusRoot()] });
    await eventually('it is mounted', () => service.stdout().includes('Ctrl-C'));
    const run = await ikfs(['exec', '--mount', mountpoint, '--', 'true']);
    assertOneLine(t, run, 4, /lies in .*, where another user could replace it/);
    service.process.kill('SIGTERM');
    await service.ended;
  },
);
