/* How a mount ends: in good order with busy clients, for want of use, lost, hanging; and what it finds at the start. */
import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMounted } from '../mount/daemon.ts';
import { testWith } from '../requirements.ts';
import { FakeServiceManager } from './fake-service-manager.ts';
import { hangingSource } from './hanging-source.ts';
import type { HangingSource } from './hanging-source.ts';
import { folderOf, ikfs } from './ikfs.ts';
import { slowModule } from './slow-module.ts';
import type { SlowModule } from './slow-module.ts';
import { eventually, release, startService, systemOf } from './service.ts';
import type { Service } from './service.ts';

const testService = testWith(['root', 'mount', 'addon', 'tool:python3']);

/** A process that waits in a directory until its standard input ends. */
async function userIn(t: ExecutionContext, cwd: string): Promise<ChildProcess> {
  const user = spawn('sh', ['-c', 'echo here; read line; exit 0'], {
    cwd,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.teardown(() => user.kill('SIGKILL'));
  await once(user.stdout, 'data');
  return user;
}

/** A program that looks at a file. @returns its exit status in the end */
function clientOf(t: ExecutionContext, command: string, path: string): Promise<number | null> {
  const client = spawn(command, [path], { stdio: 'ignore' });
  t.teardown(() => client.kill('SIGKILL'));
  return new Promise((resolve) => client.on('exit', resolve));
}

/** A ready service over a source that can be made to hang. */
async function serviceOverHanging(
  t: ExecutionContext,
  watchdog?: number,
): Promise<{
  source: HangingSource;
  manager: FakeServiceManager;
  service: Service;
  at: (path: string) => string;
}> {
  const source = await hangingSource(t);
  const manager = await FakeServiceManager.start(t);
  const args = ['--btf', source.path, '--release', release];
  const service = startService(t, { args, env: manager.environment(watchdog) });
  await manager.hear('READY');
  return { source, manager, service, at: (path) => join(service.mountpoint, release, path) };
}

/** A ready service, and a program that waits for something that takes long to make. */
async function serviceMakingSlowly(
  t: ExecutionContext,
  more: readonly string[] = [],
): Promise<{
  slow: SlowModule;
  manager: FakeServiceManager;
  service: Service;
  client: Promise<number | null>;
}> {
  const slow = slowModule(t);
  const manager = await FakeServiceManager.start(t);
  const args = ['--sysroot', slow.system, ...more];
  const service = startService(t, { args, env: { ...slow.env, ...manager.environment() } });
  await manager.hear('READY');
  const client = clientOf(t, 'stat', join(service.mountpoint, release, 'btf/slow'));
  await manager.hearStatus(/^making btf\/slow of 6\.6\.1-test$/);
  return { slow, manager, service, client };
}

testService('a request that is being answered when the mount is to end is answered', async (t) => {
  const { slow, manager, service, client } = await serviceMakingSlowly(t);
  service.process.kill('SIGTERM');
  await manager.hear('STOPPING');
  await eventually('it is out of sight', () => !isMounted(service.mountpoint));
  slow.finish();
  t.is(await client, 0);
  t.is(await service.ended, 0);
  t.is(service.stderr(), '');
});

testService('requests that can not be answered end with the mount, after a while', async (t) => {
  const { service, client } = await serviceMakingSlowly(t);
  const start = performance.now();
  service.process.kill('SIGTERM');
  t.is(await client, 1);
  t.is(await service.ended, 0, service.stderr());
  const took = performance.now() - start;
  t.true(took > 2900 && took < 9000, `${took} ms`);
  t.false(isMounted(service.mountpoint));
});

testService('a second signal has no patience with them', async (t) => {
  const { manager, service, client } = await serviceMakingSlowly(t);
  const start = performance.now();
  service.process.kill('SIGTERM');
  await manager.hear('STOPPING');
  service.process.kill('SIGTERM');
  t.is(await client, 1);
  t.true(performance.now() - start < 2900);
  t.is(await service.ended, 0, service.stderr());
  t.regex(service.stderr(), /^ikfs: unmounting at once/);
});

testService('a mount that nobody asks does not end while something is being made', async (t) => {
  const { slow, manager, service, client } = await serviceMakingSlowly(t, ['--idle-exit', '1']);
  const clock = await FakeServiceManager.start(t);
  startService(t, { env: clock.environment(400) });
  await clock.hear('WATCHDOG', 10);
  t.is(service.process.exitCode, null);
  slow.finish();
  t.is(await client, 0);
  t.is(await service.ended, 0);
  t.deepEqual(manager.states(), ['READY', 'STOPPING']);
});

testService('who only has a directory open does not hold up the end', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment() });
  await manager.hear('READY');
  const user = await userIn(t, join(service.mountpoint, release));
  const start = performance.now();
  service.process.kill('SIGTERM');
  t.is(await service.ended, 0);
  t.true(performance.now() - start < 2900);
  t.false(isMounted(service.mountpoint));
  user.kill('SIGKILL');
});

testService('a reader that hangs silences the watchdog until it goes on', async (t) => {
  const { source, manager, service, at } = await serviceOverHanging(t, 400);
  await stat(at('btf/vmlinux'));
  await source.hang();
  const client = clientOf(t, 'cat', at('btf/vmlinux'));
  await eventually('it is noticed', () => service.stderr() !== '');
  t.regex(
    service.stderr(),
    /^ikfs: a reader has been at one request for 0\.\d s: the service manager's watchdog/,
  );
  t.true(
    (await readFile(join(service.mountpoint, 'status.json'), 'utf8')).startsWith('{'),
    'the other serves on',
  );
  const count = manager.all('WATCHDOG').length;
  // The time passes in which one that is well would have told it five times.
  const clock = await FakeServiceManager.start(t);
  startService(t, { env: clock.environment(400) });
  await clock.hear('WATCHDOG', 5);
  t.is(manager.all('WATCHDOG').length, count);
  source.release();
  t.is(await client, 0);
  await manager.hear('WATCHDOG', count + 3);
  t.regex(service.stderr(), /the mount answers again\n$/);
});

testService('a hanging reader does not keep a mount from ending', async (t) => {
  const { source, service, at } = await serviceOverHanging(t);
  await stat(at('btf/vmlinux'));
  await source.hang();
  const client = clientOf(t, 'cat', at('btf/vmlinux'));
  await eventually('a reader hangs', () => readerHangs(service));
  service.process.kill('SIGTERM');
  t.is(await service.ended, 7);
  t.regex(service.stderr(), /^ikfs: stopping takes more than 10 s/);
  t.false(isMounted(service.mountpoint));
  t.is(await client, 1);
});

testService('a third signal ends the process as it is', async (t) => {
  const { source, manager, service, at } = await serviceOverHanging(t);
  await stat(at('btf/vmlinux'));
  await source.hang();
  void clientOf(t, 'cat', at('btf/vmlinux'));
  await eventually('a reader hangs', () => readerHangs(service));
  service.process.kill('SIGTERM');
  await manager.hear('STOPPING');
  service.process.kill('SIGTERM');
  await eventually('the second is noticed', () => service.stderr() !== '');
  service.process.kill('SIGTERM');
  t.is(await service.ended, 143);
});

/** Whether a thread of it waits for a page of a file. */
function readerHangs({ process: { pid } }: Service): boolean {
  const { stdout } = spawnSync('sh', ['-c', `cat /proc/${pid}/task/*/wchan`], { encoding: 'utf8' });
  return stdout.includes('folio_wait') || stdout.includes('wait_on_page') || stdout.includes('page_bit');
}

testService('a mount that nobody uses ends', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, {
    args: [...['--idle-exit', '1', '--sysroot'], systemOf(t)],
    env: manager.environment(200),
  });
  await manager.hear('READY');
  const start = performance.now();
  t.is(await service.ended, 0);
  t.true(performance.now() - start > 900, 'the watchdog is no use of it');
  t.false(isMounted(service.mountpoint));
  t.deepEqual(manager.states(), ['READY', 'STOPPING']);
  t.regex(service.stderr(), /mnt was not used for 1 second, and is unmounted\n$/);
});

testService('a mount that somebody uses, or works in, does not end', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const args = ['--idle-exit', '1', '--sysroot', systemOf(t)];
  const service = startService(t, { args, env: manager.environment(200) });
  await manager.hear('READY');
  const user = await userIn(t, join(service.mountpoint, release));
  const count = manager.all('WATCHDOG').length;
  await manager.hear('WATCHDOG', count + 25);
  t.is(service.process.exitCode, null);
  const asking = setInterval(() => void stat(join(service.mountpoint, 'status.json')), 200);
  user.stdin?.end();
  await once(user, 'exit');
  await manager.hear('WATCHDOG', count + 50);
  t.is(service.process.exitCode, null);
  clearInterval(asking);
  t.is(await service.ended, 0);
});

testService(
  'a mount that the kernel ends is lost: what is left is unmounted, and the status says so',
  async (t) => {
    const manager = await FakeServiceManager.start(t);
    const service = startService(t, { env: manager.environment() });
    await manager.hear('READY');
    const user = await userIn(t, service.mountpoint);
    t.not(spawnSync('umount', ['-f', service.mountpoint]).status, 0, 'it is busy, and so only aborted');
    t.is(await service.ended, 6);
    t.regex(service.stderr(), /mnt was lost: the kernel has ended the connection/);
    t.false(isMounted(service.mountpoint));
    t.deepEqual(manager.states(), ['READY', 'STOPPING']);
    user.kill('SIGKILL');
  },
);

testService('the dead mount of a daemon that was killed is replaced, with a line in the log', async (t) => {
  const manager = await FakeServiceManager.start(t);
  // With a keeper there would be none.
  const args = ['--sysroot', systemOf(t), '--fence', 'off'];
  const first = startService(t, { args, env: manager.environment() });
  await manager.hear('READY');
  first.process.kill('SIGKILL');
  t.is(await first.ended, 'SIGKILL');
  await t.throwsAsync(stat(join(first.mountpoint, 'status.json')), { code: 'ENOTCONN' });
  const second = startService(t, { mountpoint: first.mountpoint, env: manager.environment() });
  await manager.hear('READY', 2);
  t.true((await readFile(join(second.mountpoint, 'README'), 'utf8')).includes(release));
  t.is(
    second.stderr(),
    `ikfs: ${first.mountpoint}: a dead mount of an earlier ikfs was there, and is replaced\n`,
  );
  second.process.kill('SIGTERM');
  t.is(await second.ended, 0);
  t.false(isMounted(first.mountpoint));
});

testService('unmount --if-left takes away what is left, and says nothing when nothing is', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, {
    args: ['--sysroot', systemOf(t), '--fence', 'off'],
    env: manager.environment(),
  });
  await manager.hear('READY');
  service.process.kill('SIGKILL');
  await service.ended;
  for (let i = 0; i < 2; ++i) {
    const run = await ikfs(['unmount', '--if-left', service.mountpoint]);
    t.deepEqual([run.status, run.stdout.toString(), run.stderr], [0, '', '']);
    t.false(isMounted(service.mountpoint));
  }
  t.is((await ikfs(['unmount', '--if-left', '/proc'])).status, 0);
  t.true(isMounted('/proc'));
});

testService('the process number is there once the mount answers, and goes with it', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const pidFile = join(folderOf(t), 'ikfs.pid');
  const args = ['--sysroot', systemOf(t), '--pid-file', pidFile];
  const service = startService(t, { args, env: manager.environment() });
  await manager.hear('READY');
  t.is(readFileSync(pidFile, 'utf8'), `${service.process.pid}\n`);
  service.process.kill('SIGINT');
  t.is(await service.ended, 0);
  t.false(existsSync(pidFile));
});
