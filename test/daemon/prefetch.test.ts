/* ikfs prefetch, on real mounts of the corpus kernel and of made-up ones. */
import type { ExecutionContext } from 'ava';
import { mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../mount/daemon.ts';
import type { Daemon } from '../mount/daemon.ts';
import { requestsOf, undisturbed } from '../mount/request-counts.ts';
import { corpusRelease, corpusTruth } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { headerArchive, headerFiles, vmlinux, writeFiles } from '../synthetic-kernel.ts';
import { assertOneLine, folderOf, ikfs, start } from './ikfs.ts';

const needs = ['corpus', 'root', 'mount', 'addon'] as const;
const testMount = testWith(needs);

async function mount(t: ExecutionContext, sysroot = corpusRoot(), transport = 'kernel'): Promise<Daemon> {
  const options = ['--sysroot', sysroot, '--transport', transport, '--no-prefetch'];
  const daemon = await startDaemon(options);
  t.teardown(daemon.stop);
  return daemon;
}

/** What a command line of sh prints in a folder. */
async function shell(folder: string, script: string): Promise<string> {
  return (await start('sh', ['-c', script], { cwd: folder })).stdout.toString().trim();
}

testMount('prefetch puts the header tree into the cache and says how much it was', async (t) => {
  const { mountpoint } = await mount(t);
  const build = join(mountpoint, corpusRelease, 'build');
  const everything = (): Promise<string> => shell(build, 'tar -cf - . | wc -c');
  const requests = await undisturbed(
    async () => {
      const { status, stdout, stderr } = await ikfs(['prefetch', mountpoint]);
      t.is(status, 0, stderr);
      t.is(stderr, '');
      const files = Number(await shell(build, 'find . -type f | wc -l'));
      t.true(files > 1000);
      t.true(stdout.toString().startsWith(`${files.toLocaleString('en')} files, `));
      t.regex(stdout.toString(), /^[\d,]+ files, [\d.]+ MB in [\d.]+ s\n$/);
      return requestsOf(mountpoint, everything);
    },
    (sent) => Object.keys(sent).length === 0,
  );
  t.deepEqual(requests, {}, 'names, attributes, links and contents are all there');
});

testMount('prefetch of a path in a mount reads what is there', async (t) => {
  const { mountpoint } = await mount(t);
  const kernel = join(mountpoint, corpusRelease);
  const one = await ikfs(['prefetch', '--json', join(kernel, 'btf', 'xfs')]);
  t.like(JSON.parse(one.stdout.toString()), {
    paths: [join(kernel, 'btf', 'xfs')],
    files: 1,
    bytes: corpusTruth()['btf/xfs']?.bytes ?? 0,
  });
  // Links are followed where they are named, and not counted where they are found.
  const folder = join(kernel, 'source', 'include', 'keys');
  const several = await ikfs(['prefetch', '--json', folder, join(kernel, 'config'), join(kernel, 'source')]);
  const { paths, files } = JSON.parse(several.stdout.toString()) as { paths: string[]; files: number };
  t.deepEqual(paths, [
    join(kernel, 'build', 'include', 'keys'),
    join(kernel, 'config'),
    join(kernel, 'build'),
  ]);
  const count = (script: string): Promise<string> => shell(join(kernel, 'build'), script);
  const expected = Number(await count('find include/keys -type f | wc -l; ')) + 1;
  t.is(files, expected + Number(await count('find . -type f | wc -l')));
});

testMount('prefetch refuses what is in no ikfs mount, and goes on with the rest', async (t) => {
  assertOneLine(t, await ikfs(['prefetch', '/proc']), 1, /\/proc: is not in an ikfs mount/);
  const folder = folderOf(t);
  assertOneLine(t, await ikfs(['prefetch', folder]), 1, /is not in an ikfs mount/);
  assertOneLine(t, await ikfs(['prefetch', join(folder, 'nothing')]), 1, /no such file or directory/);
  const { mountpoint } = await mount(t);
  // The directory beside it begins with the same characters.
  mkdirSync(`${mountpoint}x`);
  assertOneLine(t, await ikfs(['prefetch', `${mountpoint}x`]), 1, /ikfs is mounted at .*mnt/);
  const config = join(mountpoint, corpusRelease, 'config');
  const { status, stdout, stderr } = await ikfs(['prefetch', '/proc', config]);
  t.is(status, 1);
  t.regex(stderr, /^ikfs: \/proc: is not in an ikfs mount[^\n]*\n$/);
  t.regex(stdout.toString(), /^1 file, /);
});

testWith([...needs, 'fuse-native'])('prefetch reads from a mount of any transport', async (t) => {
  const { mountpoint } = await mount(t, corpusRoot(), 'fuse-native');
  const { status, stdout } = await ikfs(['prefetch', join(mountpoint, corpusRelease, 'btf')]);
  t.is(status, 0);
  t.regex(stdout.toString(), /^143 files, 6\.\d MB in /);
});

const testMade = testWith(['root', 'mount', 'addon', 'tool:tar', 'tool:xz']);

/** A system with kernels of these releases that have headers. */
function systemWithHeaders(t: ExecutionContext, releases: readonly string[]): string {
  const root = folderOf(t);
  for (const each of releases) {
    const headers = headerArchive(headerFiles(each));
    writeFiles(root, { [`boot/vmlinux-${each}`]: vmlinux({ release: each, headers }) });
  }
  return root;
}

for (const [title, releases, expected] of [
  ["the running kernel's header tree", [release(), '6.6.1-test'], [release()]],
  [
    "every kernel's where the running one has none",
    ['6.6.1-test', '6.6.2-test'],
    ['6.6.1-test', '6.6.2-test'],
  ],
] as const) {
  testMade(`prefetch of a mountpoint is of ${title}`, async (t) => {
    const { mountpoint } = await mount(t, systemWithHeaders(t, releases));
    const { status, stdout, stderr } = await ikfs(['prefetch', '--json', mountpoint]);
    t.is(status, 0, stderr);
    const { paths, files } = JSON.parse(stdout.toString()) as { paths: string[]; files: number };
    t.deepEqual(
      paths.sort(),
      expected.map((each) => join(mountpoint, each, 'build')),
    );
    t.is(files, 3 * expected.length);
  });
}

testMount('prefetch of a mount without an archive is of headers made from BTF', async (t) => {
  const root = folderOf(t);
  await shell(
    root,
    `mkdir boot && cp '${join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`)}' boot/vmlinuz`,
  );
  const { mountpoint } = await mount(t, root);
  const { status, stdout, stderr } = await ikfs(['prefetch', '--json', mountpoint]);
  t.is(status, 0, stderr);
  const { paths, files } = JSON.parse(stdout.toString()) as { paths: string[]; files: number };
  t.deepEqual(paths, [join(mountpoint, corpusRelease, 'bpf-headers')]);
  t.true(files > 5000);
});

testMade('prefetch of a mount without headers says so', async (t) => {
  const root = folderOf(t);
  writeFiles(root, { 'boot/vmlinux': vmlinux({ release: '6.6.1-test' }) });
  const { mountpoint } = await mount(t, root);
  assertOneLine(t, await ikfs(['prefetch', mountpoint]), 1, /no kernel there has headers/);
});

testMount('prefetch tells what the mount can not make, reads the rest, and fails', async (t) => {
  const root = folderOf(t);
  const damaged = join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
  await shell(root, `mkdir boot && cp '${damaged}' boot/vmlinuz`);
  await shell(root, 'dd if=/dev/zero of=boot/vmlinuz bs=100 seek=40000 count=1 conv=notrunc status=none');
  const { mountpoint } = await mount(t, root);
  const { status, stdout, stderr } = await ikfs(['prefetch', join(mountpoint, corpusRelease)]);
  t.is(status, 3);
  t.regex(
    stderr,
    /vmlinux: the mount can not make it \(corrupt\)\. status\.json in the mount's root says why\n/,
  );
  t.regex(stdout.toString(), /^\d+ files?, /);
});
