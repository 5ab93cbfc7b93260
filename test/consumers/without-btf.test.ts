/*
 * Programs that know BTF by its path alone, where the kernel shows none: they fail, and work through `ikfs exec`. The daemon is
 * there before /sys/kernel/btf is taken away, which is done in a mount namespace of each program's own.
 */
import test from 'ava';
import { copyFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { start } from '../daemon/ikfs.ts';
import type { Run } from '../daemon/ikfs.ts';
import { ikfs, run, startDaemon } from '../mount/daemon.ts';
import type { Daemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { missing, testWith } from '../requirements.ts';

const mounting = ['root', 'mount', 'addon', 'live-btf', 'tool:unshare'] as const;
const folder = temporaryFolder();
let daemon: Daemon | undefined;

test.before(async () => {
  if (mounting.every((need) => missing(need) === undefined)) daemon = await startDaemon([]);
});

test.after.always(async () => {
  await daemon?.stop();
  folder.remove();
});

const mountpoint = (): string => daemon?.mountpoint ?? 'nothing is mounted';

/** Runs a command line where the kernel shows no BTF. */
async function withoutBtf(line: string): Promise<Run> {
  const script = `mount -t tmpfs none /sys/kernel/btf && cd "$1" && ${line}`;
  return await start('unshare', ['-m', 'sh', '-c', script, 'sh', folder.path]);
}

const throughExec = (line: string): string =>
  `exec '${process.execPath}' '${ikfs}' exec --mount '${mountpoint()}' -- ${line}`;

testWith([...mounting, 'libbpf', 'tool:clang', 'tool:gcc'])(
  'a CO-RE program of libbpf is relocated and taken by the kernel',
  async (t) => {
    for (const name of ['program.bpf.c', 'loader.c'])
      copyFileSync(join(packageRoot, 'test', 'consumers', name), join(folder.path, name));
    const at = (name: string): string => join(folder.path, name);
    const types = join(mountpoint(), release(), 'types');
    const target = ['-target', 'bpf', '-O2', '-g', '-I', types];
    await run('clang', [...target, '-c', at('program.bpf.c'), '-o', at('program.bpf.o')]);
    await run('gcc', [at('loader.c'), '-o', at('loader'), '-lbpf']);
    const alone = await withoutBtf('./loader');
    t.is(alone.status, 1);
    t.regex(alone.stderr, /failed to find valid kernel BTF/);
    const through = await withoutBtf(throughExec('./loader'));
    t.is(through.stdout.toString(), 'loaded\n', through.stderr);
    t.is(through.status, 0);
  },
);

testWith([...mounting, 'tool:pahole'])('pahole finds types of the kernel that runs', async (t) => {
  const alone = await withoutBtf('pahole -C list_head');
  t.false(alone.stdout.toString().includes('struct list_head'));
  const through = await withoutBtf(throughExec('pahole -C list_head'));
  t.regex(through.stdout.toString(), /struct list_head \{/, through.stderr);
});

testWith([...mounting, 'bpftool'])('bpftool dumps what it finds by its usual path', async (t) => {
  const line = 'bpftool btf dump file /sys/kernel/btf/vmlinux format c';
  t.not((await withoutBtf(line)).status, 0);
  const through = await withoutBtf(throughExec(line));
  t.is(through.status, 0, through.stderr);
  t.true(through.stdout.length > 1_000_000);
});
