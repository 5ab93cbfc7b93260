/* How mounts begin and end, whatever the transport. */
import type { ExecutionContext } from 'ava';
import { once } from 'node:events';
import { mkdir, readFile, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from '../requirements.ts';
import {
  emptyFolder,
  holdOpen,
  mountFixture,
  mountLine,
  needsOf,
  run,
  serve,
  shell,
  waitForSlowFile,
} from './conformance-mount.ts';
import type { TransportName } from './conformance-mount.ts';

/** Registers the tests of mounting and unmounting that every transport has to pass. */
export function testLifetime(transport: TransportName): void {
  testMounting(transport);
  testUnmounting(transport);
  testCrash(transport);
}

function testMounting(transport: TransportName): void {
  const needs = needsOf[transport];
  const testMount = testWith(needs);

  /** What the server says when it does not mount. */
  async function refusal(t: ExecutionContext, path: string, wrapper?: readonly string[]): Promise<string> {
    const circumstances = wrapper === undefined ? {} : { wrapper };
    const { refused, message } = await serve(t, transport, path, circumstances).event('refused');
    return `${String(refused)}: ${String(message)}`;
  }

  testMount('a mountpoint that will not do is refused with the reason', async (t) => {
    const folder = await emptyFolder(t);
    await writeFile(join(folder, 'file'), '');
    t.regex(await refusal(t, join(folder, 'nothing')), /^not-found: /);
    t.regex(await refusal(t, join(folder, 'file')), /^wrong-kind: is not a directory/);
    t.regex(await refusal(t, folder), /^usage: is not empty/);
    const { mountpoint } = await mountFixture(t, transport);
    t.regex(await refusal(t, mountpoint), /^usage: something is mounted there already/);
  });

  testMount('a mountpoint may be a symbolic link', async (t) => {
    const [folder, other] = [await emptyFolder(t), await emptyFolder(t)];
    const linked = join(other, 'link');
    await symlink(folder, linked);
    const server = serve(t, transport, linked);
    await server.event('mounted');
    t.is(await shell(folder, 'cat config'), 'CONFIG_IKCONFIG=y\n');
    await server.ask('unmount', 'unmounted');
    t.is(await mountLine(folder), undefined);
  });

  testWith([...needs, 'tool:unshare'])(
    'without /dev/fuse the reason is one sentence with what to do',
    async (t) => {
      const hideDevices = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /dev && exec "$@"', 'sh'];
      t.is(
        await refusal(t, await emptyFolder(t), hideDevices),
        'unavailable: /dev/fuse does not exist. ' +
          'Load the kernel module (modprobe fuse); a container needs --device /dev/fuse as well.',
      );
    },
  );

  testWith([...needs, 'tool:setpriv'])(
    'root without the right to mount is told which right is missing',
    async (t) => {
      const capabilities = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', 'env', 'PATH='];
      t.is(
        await refusal(t, await emptyFolder(t), capabilities),
        'unavailable: root may not mount in this container. It needs --cap-add SYS_ADMIN.',
      );
    },
  );
}

function testUnmounting(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('unmount ends the mount, and nothing holds the process', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    await shell(mountpoint, 'cat config');
    await server.ask('unmount', 'unmounted');
    t.is(await mountLine(mountpoint), undefined);
    t.is(await server.exited(), 0);
  });

  testMount('a file that is open and a working directory do not keep unmount from ending', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    const client = await holdOpen(t, join(mountpoint, 'big.bin'));
    await server.ask('unmount', 'unmounted');
    t.is(await mountLine(mountpoint), undefined);
    t.is(await server.exited(), 0);
    client.stdin?.end();
  });

  testMount('SIGTERM unmounts', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    server.process.kill('SIGTERM');
    await server.event('unmounted');
    t.is(await mountLine(mountpoint), undefined);
    t.is(await server.exited(), 0);
  });

  testMount('being unmounted by somebody else is noticed, and nothing holds the process', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    await run('umount', [mountpoint]);
    await server.event('ended');
    t.is(await server.exited(), 0);
  });

  testMount('an artifact that is made after the end of the mount does no harm', async (t) => {
    const mount = await mountFixture(t, transport);
    const client = await waitForSlowFile(t, mount);
    const ended = once(client, 'exit');
    await mount.server.ask('unmount', 'unmounted');
    await mount.server.ask('finish');
    t.is(await mount.server.exited(), 0);
    t.is(await mountLine(mount.mountpoint), undefined);
    await ended;
  });

  testMount('one may mount again where one has unmounted', async (t) => {
    const folder = await emptyFolder(t);
    for (let round = 0; round < 3; round++) {
      const server = serve(t, transport, folder);
      await server.event('mounted');
      t.is(await readFile(join(folder, 'config'), 'utf8'), 'CONFIG_IKCONFIG=y\n');
      await server.ask('unmount', 'unmounted');
      t.is(await server.exited(), 0);
    }
  });
}

function testCrash(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('what a killed server leaves behind is replaced', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    // The kernel remembers some of what it was asked for, and goes on to tell that.
    await shell(mountpoint, 'ls -l build config; stat . > /dev/null');
    const client = await holdOpen(t, join(mountpoint, 'config'));
    server.process.kill('SIGKILL');
    await server.exited();
    await t.throwsAsync(statfs(mountpoint), { code: 'ENOTCONN' });
    const next = serve(t, transport, mountpoint);
    await next.event('mounted');
    t.is(await shell(mountpoint, 'cat script'), '#!/bin/sh\necho ran\n');
    client.stdin?.end();
  });

  testMount('who waits for a killed server is not left waiting', async (t) => {
    const mount = await mountFixture(t, transport);
    const client = await waitForSlowFile(t, mount);
    const ended = once(client, 'exit');
    mount.server.process.kill('SIGKILL');
    t.deepEqual(await ended, [1, null]);
  });

  testMount('several mounts live side by side', async (t) => {
    const mounts = await Promise.all([mountFixture(t, transport), mountFixture(t, transport)]);
    const [one, other] = mounts;
    await one.server.ask('status "one"');
    await one.server.ask('unmount', 'unmounted');
    t.is(await readFile(join(other.mountpoint, 'status.json'), 'utf8'), '{"state":"first"}');
    await mkdir(join(one.mountpoint, 'free again'));
  });
}
