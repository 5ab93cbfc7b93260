import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from '../mount/daemon.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { assertOneLine, folderOf, ikfs } from './ikfs.ts';

testWith(['mount', 'corpus'])('status tells what has been asked for, and where it came from', async (t) => {
  const daemon = await startDaemon(['--sysroot', corpusRoot()]);
  t.teardown(daemon.stop);
  const { mountpoint } = daemon;
  const before = await ikfs(['status', mountpoint]);
  t.is(before.status, 0, before.stderr);
  t.regex(before.stdout.toString(), /^ikfs \S+ at .*\n {2}store +disk: .*\n {2}fence +\S.*\n/);
  t.regex(before.stdout.toString(), /6\.1\.192-ik\n {2}nothing has been asked for yet\n/);

  t.is(spawnSync('cat', [join(mountpoint, '6.1.192-ik', 'btf', 'ext4')]).status !== null, true);
  t.is(spawnSync('cat', [join(mountpoint, '6.1.192-ik', 'version')]).status, 0);
  const after = (await ikfs(['status', mountpoint])).stdout.toString();
  t.regex(after, /\n {2}version +ready +\d+ B +\S*vmlinuz/);

  const json = await ikfs(['status', '--json', mountpoint]);
  const { kernels } = JSON.parse(json.stdout.toString()) as { kernels: { release: string }[] };
  t.deepEqual(
    kernels.map(({ release }) => release),
    ['6.1.192-ik'],
  );
  t.true(readFileSync(join(mountpoint, 'status.json'), 'utf8').startsWith('{'));
});

testWith([])('status where nothing is mounted says so', async (t) => {
  const run = await ikfs(['status', folderOf(t)]);
  assertOneLine(t, run, 1, /status\.json: .*(does not exist|no such file)/i);
});
