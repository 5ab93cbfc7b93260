/* mount.ikfs at an automount, which has everybody wait who looks at the place before it is mounted on. */
import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/native.ts';
import { ikfsType, mountAt } from '../../src/transport/mount-table.ts';
import { folderOf } from '../daemon/ikfs.ts';
import { eventually, release, systemOf } from '../daemon/service.ts';
import { testWith } from '../requirements.ts';
import { ikfs, run } from './daemon.ts';

/** An automount that has mount.ikfs called, gone after the test. @returns its place */
async function automount(t: ExecutionContext, ...words: string[]): Promise<string> {
  const place = join(folderOf(t), 'mnt');
  mkdirSync(place);
  const helper = [process.execPath, join(dirname(ikfs), 'mount-helper.js'), systemOf(t), place];
  const automounter = spawn(
    'python3',
    [
      ...[join(packageRoot, 'test', 'mount', 'automounter.py'), place, ...helper],
      ...['-o', ['no-cache', ...words].join(',')],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(automounter, 'exit');
  t.teardown(async () => {
    automounter.stdin.end();
    await ended;
  });
  await once(createInterface(automounter.stdout), 'line');
  return place;
}

const isServed = (place: string): boolean => mountAt(place)?.type === ikfsType;

/** What looks into a place, in a process that is not the automount's and may have to wait. */
const look = (place: string): Promise<string> => run('timeout', ['60', 'ls', place]);

/** Numbers of the daemons for a place: not of their keepers, which have that in their command line as well. */
function daemonsOf(place: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0');
      return line[0] === process.execPath && line[1] === ikfs && line.includes(place) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

const testAutomount = testWith(['mount', 'root', 'addon', 'autofs', 'tool:python3']);

testAutomount('the first look mounts, and so does the next one when the daemon was killed', async (t) => {
  const place = await automount(t);
  t.false(isServed(place));
  t.true((await look(place)).includes(release));
  t.true(isServed(place));
  const status = readFileSync(join(place, 'status.json'), 'utf8');
  t.not((JSON.parse(status) as { fence: string[] }).fence.length, 0);
  const [daemon, ...others] = daemonsOf(place);
  t.deepEqual(others, []);
  process.kill(daemon ?? 0, 'SIGKILL');
  await eventually('the mount is gone', () => !isServed(place));
  t.true((await look(place)).includes(release));
});

testAutomount('a mount that was taken away does not come back by itself', async (t) => {
  const place = await automount(t);
  await look(place);
  await run('umount', [place]);
  await eventually('the daemon has ended', () => daemonsOf(place).length === 0);
  t.is(mountAt(place)?.type, 'autofs');
});

testAutomount('without a fence, it is mounted as well', async (t) => {
  const place = await automount(t, 'fence=off');
  t.true((await look(place)).includes(release));
  t.true(isServed(place));
});
