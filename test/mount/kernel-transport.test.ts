/* What the kernel transport can do beyond what every transport can. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testWith } from '../requirements.ts';
import { testConformance } from './conformance.ts';
import { emptyFolder, mountFixture, needsOf, serve, shell, waitForSlowFile } from './conformance-mount.ts';
import type { FixtureServer } from './conformance-mount.ts';

testConformance('kernel');

const needs = needsOf.kernel;
const testMount = testWith(needs);

/** How often the kernel has sent a request. */
async function countOf(server: FixtureServer, opcode: string): Promise<number> {
  const counts = (await server.ask('requests', 'requests')) as Record<string, number>;
  return counts[opcode] ?? 0;
}

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  testMount(`${signal} ends at once who waits for a slow artifact`, async (t) => {
    const mount = await mountFixture(t, 'kernel');
    const { mountpoint, server } = mount;
    const client = await waitForSlowFile(t, mount);
    const ended = once(client, 'exit');
    client.kill(signal);
    t.deepEqual(await ended, [null, signal]);
    t.true((await countOf(server, 'INTERRUPT')) > 0);
    // It is made all the same, and once.
    await server.ask('finish');
    t.is(await readFile(join(mountpoint, 'slow', 'file'), 'utf8'), 'made at last\n');
    t.is(await server.ask('made', 'made'), 1);
  });
}

testMount('of several who wait, the others go on waiting when one is killed', async (t) => {
  const mount = await mountFixture(t, 'kernel');
  const { mountpoint, server } = mount;
  const client = await waitForSlowFile(t, mount);
  const ended = once(client, 'exit');
  const others = Array.from({ length: 5 }, () => readFile(join(mountpoint, 'slow', 'file'), 'utf8'));
  client.kill('SIGKILL');
  await ended;
  await server.ask('finish');
  t.deepEqual(await Promise.all(others), Array<string>(5).fill('made at last\n'));
});

testMount('one reader is enough: whoever waits for an artifact holds up nobody', async (t) => {
  const mount = await mountFixture(t, 'kernel', { readers: 1 });
  const { mountpoint, server } = mount;
  const client = await waitForSlowFile(t, mount);
  const ended = once(client, 'exit');
  t.is(await shell(mountpoint, 'ls slow && cat build/a.h && ls many | wc -l'), 'file\n#pragma once\n5000\n');
  t.regex(await shell(mountpoint, 'stat slow/other 2>&1 || true'), /No such file or directory/);
  await server.ask('finish');
  t.deepEqual(await ended, [0, null]);
});

testMount('who waits for an artifact gets an error when the mount ends', async (t) => {
  const mount = await mountFixture(t, 'kernel');
  const client = await waitForSlowFile(t, mount);
  const ended = once(client, 'exit');
  await mount.server.ask('unmount', 'unmounted');
  t.deepEqual(await ended, [1, null]);
});

testMount('a listing with attributes tells those that are known, and makes none', async (t) => {
  const { mountpoint, server } = await mountFixture(t, 'kernel');
  await shell(mountpoint, 'ls -f slow broken && find . > /dev/null');
  t.true((await countOf(server, 'READDIRPLUS')) > 0);
  t.is(await server.ask('made', 'made'), 0);
  t.deepEqual(await server.ask('failures', 'failures'), []);
});

testMount('opening, closing and the like are asked for once in the life of a mount', async (t) => {
  const { mountpoint, server } = await mountFixture(t, 'kernel');
  await shell(mountpoint, 'cat config script build/a.h && cat config && ls build many slow && ls -l build');
  for (const opcode of ['OPEN', 'OPENDIR', 'FLUSH', 'GETXATTR', 'LISTXATTR', 'ACCESS', 'STATX']) {
    t.true((await countOf(server, opcode)) <= 1, opcode);
  }
  for (const opcode of ['RELEASE', 'RELEASEDIR', 'OTHER']) t.is(await countOf(server, opcode), 0, opcode);
});

testMount('caches are filled with a directory without anybody asking', async (t) => {
  const { mountpoint, server } = await mountFixture(t, 'kernel');
  t.deepEqual(await server.ask('warm build', 'warmed'), { files: 3, bytes: 19 });
  await shell(mountpoint, "cat build/a.h 'build/b c,d.h' build/include/deep.h");
  t.is(await countOf(server, 'READ'), 0);
  // It must not keep the mount busy.
  await server.ask('unmount', 'unmounted');
  t.is(await server.exited(), 0);
});

testWith(needs)('without the addon it can not be used, and says why', async (t) => {
  const server = serve(t, 'kernel', await emptyFolder(t), { env: { IKFS_NATIVE: 'off' } });
  t.like(await server.event('refused'), {
    refused: 'unavailable',
    message: 'the addon is missing (switched off by IKFS_NATIVE=off)',
  });
});
