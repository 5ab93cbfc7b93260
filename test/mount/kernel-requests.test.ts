/* What the kernel transport is asked for, on the corpus kernel: each answer is given once. */
import type { ExecutionContext } from 'ava';
import { join } from 'node:path';
import { temporaryFolder } from '../open-tree.ts';
import { addCompanions, corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { compile } from './compile.ts';
import { until } from './conformance-mount.ts';
import { isMounted, run, startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';
import { counters, requestsOf, undisturbed } from './request-counts.ts';
import type { Requests } from './request-counts.ts';

const needs = ['corpus', 'root', 'mount', 'addon'] as const;
const testMount = testWith(needs);
const testCompile = testWith([...needs, 'tool:clang']);

/** A new mount, whose caches nobody has filled. */
async function mount(t: ExecutionContext, options: readonly string[] = ['--no-prefetch']): Promise<Daemon> {
  const daemon = await startDaemon(['--sysroot', corpusRoot(), '--transport', 'kernel', ...options]);
  t.teardown(daemon.stop);
  return daemon;
}

const buildOf = ({ mountpoint }: Daemon): string => join(mountpoint, corpusRelease, 'build');

/** A folder for what is compiled. */
function scratchOf(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return path;
}

const isNone = (requests: Requests): boolean => Object.keys(requests).length === 0;

/** What some work sends when it is done for the second time. */
function requestsAgain({ mountpoint }: Daemon, work: () => Promise<unknown>): Promise<Requests> {
  return undisturbed(async () => {
    await work();
    return requestsOf(mountpoint, work);
  }, isNone);
}

testMount('reading the counters is all that reading the counters takes', async (t) => {
  const { mountpoint } = await mount(t);
  t.deepEqual(await undisturbed(() => requestsOf(mountpoint, () => Promise.resolve()), isNone), {});
});

testMount('a second find sends nothing', async (t) => {
  const daemon = await mount(t);
  for (const args of [[], ['-printf', '%p %s %m %l\\n'], ['-name', '*.h', '-size', '+100k']]) {
    t.deepEqual(await requestsAgain(daemon, () => run('find', [buildOf(daemon), ...args])), {});
  }
  t.deepEqual(await requestsAgain(daemon, () => run('find', [daemon.mountpoint])), {});
});

testMount('reading all headers again sends nothing', async (t) => {
  const daemon = await mount(t);
  const read = (): Promise<string> => run('sh', ['-c', 'tar -cf - "$1" | wc -c', 'sh', buildOf(daemon)]);
  t.deepEqual(await requestsAgain(daemon, read), {});
});

testCompile('a second compilation sends nothing', async (t) => {
  const daemon = await mount(t);
  const scratch = scratchOf(t);
  t.deepEqual(await requestsAgain(daemon, () => compile(buildOf(daemon), scratch)), {});
});

testCompile(
  'a first compilation looks names up, lists directories and reads files, and sends nothing else',
  async (t) => {
    const scratch = scratchOf(t);
    const daemon = await mount(t);
    await compile(buildOf(daemon), scratch);
    const { requests } = await counters(daemon.mountpoint);
    t.log(requests);
    t.true((requests['READ'] ?? 0) > 500);
    // Each of these is told once that there is no such call.
    for (const name of ['OPEN', 'OPENDIR', 'FLUSH', 'GETXATTR', 'ACCESS', 'STATX']) {
      t.true((requests[name] ?? 0) <= 1, name);
    }
    for (const name of ['RELEASE', 'RELEASEDIR', 'POLL', 'IOCTL', 'OTHER'])
      t.is(requests[name] ?? 0, 0, name);
  },
);

testMount(
  'who has opened one header finds the others beside it without asking for their names',
  async (t) => {
    const daemon = await mount(t);
    const folder = join(buildOf(daemon), 'include', 'linux');
    await run('cat', [join(folder, 'sched.h')]);
    await until(async () => ((await counters(daemon.mountpoint)).requests['READDIRPLUS'] ?? 0) > 0);
    const names = ['mm.h', 'fs.h', 'list.h', 'zutil.h'].map((name) => join(folder, name));
    await until(async () => {
      const sent = await requestsOf(daemon.mountpoint, () => run('stat', names));
      return sent['LOOKUP'] === undefined;
    });
    t.pass();
  },
);

testCompile('after prefetching a first compilation reads nothing', async (t) => {
  const scratch = scratchOf(t);
  const requests = await undisturbed(
    async () => {
      const daemon = await mount(t, ['--prefetch', '--verbose']);
      await until(() => Promise.resolve(daemon.output().includes('prefetched')));
      return requestsOf(daemon.mountpoint, () => compile(buildOf(daemon), scratch));
    },
    (sent) => sent['READ'] === undefined,
  );
  t.log(requests);
  // Which names are missing, only those who look for them tell.
  t.deepEqual(Object.keys(requests), ['LOOKUP']);
});

testWith([...needs, 'tool:tar'])(
  'what prefetching puts into the cache is what the archive has, and links to its companions',
  async (t) => {
    const unpacked = scratchOf(t);
    const daemon = await mount(t, ['--prefetch', '--verbose']);
    const archive = join(daemon.mountpoint, corpusRelease, 'kheaders.tar.xz');
    await run('tar', ['-C', unpacked, '-xJf', archive]);
    await addCompanions(unpacked);
    await until(() => Promise.resolve(daemon.output().includes('prefetched')));
    await t.notThrowsAsync(run('diff', ['-r', '--no-dereference', unpacked, buildOf(daemon)]));
  },
);

testMount('prefetching ends when the mount is to end', async (t) => {
  const daemon = await mount(t, ['--prefetch']);
  t.is(await daemon.stop(), 0);
  t.false(isMounted(daemon.mountpoint));
});

testMount('no listing makes an artifact', async (t) => {
  const { mountpoint } = await mount(t);
  const kernel = join(mountpoint, corpusRelease);
  await run('ls', ['-f', mountpoint, kernel, join(kernel, 'btf')]);
  await run('find', [mountpoint, '-maxdepth', '2']);
  const { requests, artifactsMade } = await counters(mountpoint);
  t.true((requests['READDIRPLUS'] ?? 0) > 0);
  t.is(artifactsMade, 0);
});
