/* What the service manager is told, from the start of a mount to its end. */
import { readFile, readdir } from 'node:fs/promises';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMounted } from '../mount/daemon.ts';
import { testWith } from '../requirements.ts';
import { FakeServiceManager } from './fake-service-manager.ts';
import { folderOf, ikfs, ownCache } from './ikfs.ts';
import { eventually, mountpointOf, release, startService, systemOf } from './service.ts';

const needs = ['root', 'mount', 'addon', 'tool:python3'] as const;
const testService = testWith(needs);

testService('READY=1 is told when the mount answers, and STOPPING=1 before it goes', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment() });
  await manager.hear('READY');
  t.true(isMounted(service.mountpoint));
  t.true((await readdir(service.mountpoint)).includes(release));
  t.is(manager.heard[0]?.values['STATUS'], 'looking for kernels');
  await manager.hearStatus(/^serving 1 kernel, \d+ artifacts? made$/);
  service.process.kill('SIGTERM');
  t.is(await service.ended, 0);
  t.deepEqual(manager.states(), ['READY', 'STOPPING']);
  t.false(isMounted(service.mountpoint));
  t.is(service.stderr(), '');
});

testService('an abstract socket will do, and children do not speak for the service', async (t) => {
  const manager = await FakeServiceManager.start(t, `@ikfs-test-${process.pid}`);
  const service = startService(t, { env: manager.environment() });
  await manager.hear('READY');
  const variables = await readFile(`/proc/${service.process.pid}/environ`, 'latin1');
  t.true(variables.includes('NOTIFY_SOCKET='), 'what it was started with');
  service.process.kill('SIGTERM');
  t.is(await service.ended, 0);
});

testService(
  'a service manager that can not be told anything is a line in the log, and no more',
  async (t) => {
    for (const address of [join(folderOf(t), 'nobody'), 'neither path nor name', `/${'x'.repeat(200)}`]) {
      const service = startService(t, { env: { NOTIFY_SOCKET: address } });
      await eventually('it is mounted', () => service.stdout().endsWith('Ctrl-C unmounts\n'));
      service.process.kill('SIGTERM');
      t.is(await service.ended, 0);
      t.regex(service.stderr(), /^ikfs: the service manager can not be told anything: [^\n]*\n$/);
    }
  },
);

testService('without a kernel READY=1 is never told', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { args: ['--sysroot', folderOf(t)], env: manager.environment() });
  t.is(await service.ended, 1);
  t.deepEqual(manager.states(), []);
});

testService('SIGHUP is RELOADING=1 and then READY=1, also when the reload fails', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const system = systemOf(t);
  const service = startService(t, { args: ['--sysroot', system], env: manager.environment() });
  await manager.hear('READY');
  const before = process.hrtime.bigint() / 1000n;
  service.process.kill('SIGHUP');
  await manager.hear('READY', 2);
  const told = BigInt((await manager.hear('RELOADING')).values['MONOTONIC_USEC'] ?? 0);
  t.true(before <= told && told <= process.hrtime.bigint() / 1000n);
  renameSync(system, `${system}.away`);
  service.process.kill('SIGHUP');
  await manager.hear('READY', 3);
  renameSync(`${system}.away`, system);
  t.deepEqual(manager.states(), ['READY', 'RELOADING', 'READY', 'RELOADING', 'READY']);
  t.regex(service.stderr(), /looked again: 1 kernel\n/);
  t.true((await readdir(service.mountpoint)).includes('README'));
});

testService('SIGHUPs that come during a reload are followed by one more', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment() });
  await manager.hear('READY');
  for (let i = 0; i < 20; ++i) service.process.kill('SIGHUP');
  await manager.hear('RELOADING');
  const last = Number(process.hrtime.bigint() / 1000n);
  service.process.kill('SIGHUP');
  await eventually('a reload has begun after the last signal and ended', () => {
    const begun = manager.all('RELOADING').at(-1)?.values['MONOTONIC_USEC'];
    return Number(begun) >= last && manager.states().at(-1) === 'READY';
  });
  const [reloads, ends] = [manager.all('RELOADING').length, manager.all('READY').length];
  t.true(reloads < 21);
  t.is(ends, reloads + 1);
});

testService('what is being made is shown for as long as it takes', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment() });
  await manager.hearStatus(/^serving 1 kernel/);
  await readFile(join(service.mountpoint, release, 'types/vmlinux.h'));
  await manager.hearStatus(/^serving 1 kernel, [1-9]\d* artifacts? made$/);
  const times = manager.all('STATUS').map(({ at }) => at);
  t.true(times.length < 6, 'no more than one a second');
});

testService('the watchdog is told that all is well twice in its time', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment(400) });
  const first = await manager.hear('WATCHDOG');
  const tenth = await manager.hear('WATCHDOG', 10);
  t.true(tenth.at - first.at > 9 * 150);
  t.true(manager.states()[0] === 'READY');
  service.process.kill('SIGTERM');
  t.is(await service.ended, 0);
});

testService('a watchdog of another process is not ours', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: { ...manager.environment(50), WATCHDOG_PID: '1' } });
  await manager.hear('READY');
  for (let i = 0; i < 10; ++i) await readFile(join(service.mountpoint, 'status.json'));
  service.process.kill('SIGTERM');
  t.is(await service.ended, 0);
  t.deepEqual(manager.all('WATCHDOG'), []);
});

testService('a stopped daemon tells the watchdog nothing', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const service = startService(t, { env: manager.environment(100) });
  await manager.hear('WATCHDOG', 3);
  service.process.kill('SIGSTOP');
  await eventually('it is stopped', async () =>
    /^State:\sT/m.test(await readFile(`/proc/${service.process.pid}/status`, 'utf8')),
  );
  const count = manager.all('WATCHDOG').length;
  // The time passes in which one that runs would have told it five times.
  const clock = await FakeServiceManager.start(t);
  startService(t, { env: clock.environment(100) });
  await clock.hear('WATCHDOG', 5);
  t.true(manager.all('WATCHDOG').length <= count + 1, 'one may have been on its way');
  service.process.kill('SIGCONT');
  await manager.hear('WATCHDOG', count + 3);
});

testService('in the background, the service manager is told which process it is', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const mountpoint = mountpointOf(t);
  const pidFile = join(folderOf(t), 'ikfs.pid');
  const args = ['mount', '--background', mountpoint, '--sysroot', systemOf(t), '--pid-file', pidFile];
  const run = await ikfs([...args, ...ownCache(t)], { env: manager.environment() });
  t.is(run.status, 0, run.stderr);
  const pid = (await readFile(pidFile, 'utf8')).trim();
  t.is((await manager.hear('READY')).values['MAINPID'], pid);
  t.true(isMounted(mountpoint));
  process.kill(Number(pid), 'SIGTERM');
  await manager.hear('STOPPING');
  await eventually('the file has gone', () => !existsSync(pidFile));
  await eventually('the process has ended', () => !existsSync(`/proc/${pid}`));
  t.false(isMounted(mountpoint));
});

testService('a process number that can not be written ends the mount', async (t) => {
  const manager = await FakeServiceManager.start(t);
  const folder = folderOf(t);
  rmSync(folder, { recursive: true });
  const args = ['--sysroot', systemOf(t), '--pid-file', join(folder, 'ikfs.pid')];
  const service = startService(t, { args, env: manager.environment() });
  t.is(await service.ended, 1);
  t.regex(service.stderr(), /ikfs\.pid/);
  t.deepEqual(manager.states(), ['STOPPING']);
  t.false(isMounted(service.mountpoint));
});
