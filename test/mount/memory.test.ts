/* A daemon that has little memory: what a user of it sees, and what the kernel counts. */
import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryOf } from '../../daemon/memory/process-memory.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { controlGroup } from '../control-group.ts';
import type { ControlGroup } from '../control-group.ts';
import { run, startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';

const MiB = 1024 ** 2;

/** What being made may take beyond --memory-limit, as its help says. */
const allowance = 48 * MiB;

const test = testWith(['mount', 'addon', 'corpus']);
const testInGroup = testWith(['mount', 'addon', 'corpus', 'root', 'control-group']);

/** Memory of a process's own and of its files in memory, in bytes. */
function memoryInUse(pid: number): number {
  const { anonymous, shared } = memoryOf(pid);
  const files = new Map<number, number>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${name}`;
    try {
      if (!readlinkSync(path).startsWith('/memfd:')) continue;
      const { ino, blocks } = statSync(path);
      files.set(ino, blocks * 512);
    } catch {
      // Closed meanwhile.
    }
  }
  return anonymous + shared + [...files.values()].reduce((sum, each) => sum + each, 0);
}

/** The most memory that a process had in use while something was done. */
async function peakDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryInUse(pid));
  }, 5);
  await work().finally(() => {
    clearInterval(timer);
  });
  return peak;
}

/**
 * Reads all of a kernel at the same time, and what there was no memory for again, one file at a time.
 * @returns the codes of the errors that readers got the last time
 */
async function readAll(mountpoint: string): Promise<Set<string>> {
  const kernel = join(mountpoint, corpusRelease);
  const errors = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    try {
      await readFile(path);
      errors.delete(path);
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      // Of a module without types nothing is there, which is known once it is looked at.
      if (code !== 'ENOENT') errors.set(path, code);
    }
  };
  const plain = [
    'config',
    'config.gz',
    'version',
    'vmlinux',
    'kheaders.tar.xz',
    'modules.tsv',
    'btf-flat/all',
  ];
  const folders = ['btf', 'types'];
  const listed = await Promise.all(
    folders.map(async (folder) => (await readdir(join(kernel, folder))).map((name) => join(folder, name))),
  );
  await Promise.all([...plain, ...listed.flat(), 'build/Makefile'].map((path) => read(join(kernel, path))));
  // What was decoded only to be looked at has gone, and its room is there again.
  for (const path of [...errors.keys()]) await read(path);
  return new Set(errors.values());
}

async function mounted(t: ExecutionContext, options: readonly string[]): Promise<Daemon> {
  const daemon = await startDaemon([
    '--sysroot',
    corpusRoot(),
    '--no-prefetch',
    '--log-level',
    'debug',
    ...options,
  ]);
  t.teardown(daemon.stop);
  return daemon;
}

const inMemory = ['--no-cache', '--transport', 'kernel'];

test('--memory-limit holds while all is read at the same time, files in memory included', async (t) => {
  const limit = 64;
  const daemon = await mounted(t, [...inMemory, '--memory-limit', String(limit)]);
  const pid = daemon.process.pid ?? 0;
  let errors = new Set<string>();
  const peak = await peakDuring(pid, async () => {
    errors = await readAll(daemon.mountpoint);
  });
  t.deepEqual([...errors], []);
  t.true(peak <= limit * MiB + allowance, `${Math.round(peak / MiB)} MiB`);
});

test('what files in memory have no room for is refused, and the rest is served', async (t) => {
  const daemon = await mounted(t, [...inMemory, '--memory-limit', '24']);
  const pid = daemon.process.pid ?? 0;
  let errors = new Set<string>();
  const peak = await peakDuring(pid, async () => {
    errors = await readAll(daemon.mountpoint);
  });
  t.deepEqual([...errors], ['ENOMEM']);
  t.true(peak <= 24 * MiB + allowance, `${Math.round(peak / MiB)} MiB`);
  t.regex(daemon.output(), /files in memory would take more than the 8 MiB left to them.*--memory-limit/);
  t.regex(await readFile(join(daemon.mountpoint, 'status.json'), 'utf8'), /"no-memory"|files in memory/);
});

/** A group of so many bytes that goes after all that is started in it. */
function groupOf(t: ExecutionContext, bytes: number): ControlGroup {
  const group = controlGroup(bytes);
  if (typeof group === 'string') throw new Error(group);
  t.teardown(() => group.remove());
  return group;
}

testInGroup.serial('in a control group of 96 MiB a kernel is served whole', async (t) => {
  const group = groupOf(t, 96 * MiB);
  const daemon = await group.within(() => mounted(t, ['--transport', 'kernel']));
  const kernel = join(daemon.mountpoint, corpusRelease);
  await run('sh', ['-c', 'tar -cf - -C "$0" . | cat > /dev/null', join(kernel, 'build')]);
  t.true((await readFile(join(kernel, 'types', 'vmlinux.h'))).length > 1_000_000);
  for (const name of await readdir(join(kernel, 'btf'))) await readFile(join(kernel, 'btf', name));
  t.is(group.kills(), 0);
  t.is(
    /^VmSwap:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.process.pid ?? 0}/status`, 'utf8'))?.[1],
    '0',
  );
  t.is(daemon.process.exitCode, null);
});

testInGroup.serial('caches go when the kernel says that memory is short', async (t) => {
  const size = 96;
  const group = groupOf(t, size * MiB);
  const folder = temporaryFolder();
  t.teardown(() => folder.remove());
  const file = join(folder.path, 'pages');
  // No idle time within this test: what goes, goes for the pressure.
  const daemon = await group.within(() => mounted(t, ['--transport', 'kernel']));
  await readFile(join(daemon.mountpoint, corpusRelease, 'types', 'vmlinux.h'));
  // Each reads more than the group may have, so that pages of the file come and go.
  const reader = await group.within(() =>
    Promise.resolve(
      spawn(
        'sh',
        [
          '-c',
          `head -c ${2 * size}M /dev/zero | tr '\\0' x > "$0"
         for each in 1 2 3; do (while cat "$0" > /dev/null; do :; done) & done; wait`,
          file,
        ],
        { detached: true, stdio: 'ignore' },
      ),
    ),
  );
  const ended = new Promise((resolve) => reader.on('close', resolve));
  try {
    const deadline = Date.now() + 60_000;
    while (!daemon.output().includes('the kernel is short of memory: caches were let go of')) {
      if (Date.now() > deadline) throw new Error(`nothing was let go of: ${daemon.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    process.kill(-(reader.pid ?? 0), 'SIGKILL');
    await ended;
  }
  t.is(group.kills(), 0);
  t.regex(await readFile(join(daemon.mountpoint, corpusRelease, 'version'), 'utf8'), /Linux/);
});
