import test from 'ava';
import { readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusCompanions, corpusRelease, corpusTruth, sha256 } from '../real/truth.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { assertOneLine, commandLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const testCorpus = testWith(['corpus']);
const sysroot = (): string[] => ['--sysroot', corpusRoot()];
const image = (): string => join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
const moduleFile = (path: string): string =>
  join(corpusRoot(), 'lib', 'modules', corpusRelease, 'kernel', path);

/** Checksums of the files below a folder, by path. */
function checksums(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), sha256(readFileSync(path))]),
  );
}

/** What checksums ought to find. */
function truthOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [`${corpusRelease}/${name}`, corpusTruth()[name]?.sha256 ?? 'not in the truth']),
  );
}

testCorpus('an image gives what it carries, and what it lacks is no failure unless asked for', async (t) => {
  const [cache, output] = [ownCache(t), folderOf(t)];
  const all = await ikfs(['extract', image(), ...cache, '-o', output]);
  t.is(all.status, 0);
  t.deepEqual(checksums(output), truthOf(['config', 'config.gz', 'btf/vmlinux']));
  t.regex(all.stderr, /^ikfs: 6\.1\.192-ik: no headers: [^\n]*CONFIG_IKHEADERS is not built in\)\n$/);
  const asked = await ikfs(['extract', image(), ...cache, '--what', 'btf,headers', '-o', output, '--force']);
  t.is(asked.status, 1);
});

testCorpus('with source options, the parts come from all sources of the kernel', async (t) => {
  const output = folderOf(t);
  const args = [
    'extract',
    ...sysroot(),
    ...ownCache(t),
    '--what',
    'headers,config,btf',
    '-o',
    output,
    '--json',
  ];
  const { status, stdout } = await ikfs(args);
  t.is(status, 0);
  t.deepEqual(checksums(output), truthOf(['kheaders.tar.xz', 'config', 'config.gz', 'btf/vmlinux']));
  const rows = JSON.parse(stdout.toString()) as { path: string; bytes: number }[];
  t.is(rows.find(({ path }) => path.endsWith('btf/vmlinux'))?.bytes, corpusTruth()['btf/vmlinux']?.bytes);
});

testCorpus('a module gives the archive it carries and its own BTF', async (t) => {
  const [cache, output] = [ownCache(t), folderOf(t)];
  t.is((await ikfs(['extract', moduleFile('kernel/kheaders.ko'), ...cache, '-o', output])).status, 0);
  t.deepEqual(checksums(output), truthOf(['kheaders.tar.xz', 'btf/kheaders']));
  const { stdout } = await ikfs([
    'extract',
    moduleFile('fs/xfs/xfs.ko'),
    ...cache,
    '--what',
    'btf',
    '-o',
    '-',
  ]);
  t.is(sha256(stdout), corpusTruth()['btf/xfs']?.sha256 ?? '');
});

testWith(['debian', 'tool:xz', 'tool:objcopy'])('a compressed module gives its BTF', async (t) => {
  const folder = folderOf(t);
  const script =
    'xz -dc "$1" > "$2/x.ko" && objcopy -O binary --only-section=.BTF --set-section-flags .BTF=alloc "$2/x.ko" "$2/btf"';
  const [release = ''] = readdirSync(join(debianRoot('6.12-cloud'), 'lib', 'modules'));
  const module = join(
    debianRoot('6.12-cloud'),
    'lib',
    'modules',
    release,
    'kernel',
    'fs',
    'xfs',
    'xfs.ko.xz',
  );
  t.is((await start('sh', ['-c', script, 'sh', module, folder])).status, 0);
  const { stdout } = await ikfs(['extract', module, '--what', 'btf', '-o', '-', ...ownCache(t)]);
  t.true(stdout.equals(readFileSync(join(folder, 'btf'))));
});

testCorpus('one part of one image goes to standard output as it is', async (t) => {
  const cache = ownCache(t);
  const config = await ikfs(['extract', image(), ...cache, '--what', 'config', '-o', '-']);
  t.is(sha256(config.stdout), corpusTruth()['config']?.sha256 ?? '');
  t.is(config.stderr, '');
});

testWith(['corpus', 'tool:tar'])('several parts go to standard output as a tar archive', async (t) => {
  const folder = folderOf(t);
  const command = commandLine([
    'extract',
    image(),
    ...ownCache(t),
    '--what',
    'headers,config,btf',
    '-o',
    '-',
  ]);
  const run = await start('sh', ['-c', '"$@" | tar -C "$0" -x', folder, ...command]);
  t.deepEqual(checksums(folder), truthOf(['config', 'config.gz', 'btf/vmlinux']));
  t.regex(run.stderr, /^ikfs: 6\.1\.192-ik: no headers: [^\n]*\n$/);
});

testWith(['corpus', 'tool:tar', 'tool:diff'])(
  'build/ is extracted as tar unpacks the archive, with its companions: names, contents, modes and links',
  async (t) => {
    const [cache, output] = [ownCache(t), folderOf(t)];
    const sources = [...sysroot(), ...cache].map((word) => `'${word}'`).join(' ');
    const script = `
      list() { find "$1" -mindepth 1 -printf '%y %m %P %l\\n' | sort; }
      mkdir truth piped
      "$@" cat ${sources} "$R/kheaders.tar.xz" | tar -C truth -xJ
      mkdir truth/include/config
      ${Object.entries(corpusCompanions)
        .map(([path, target]) => `ln -s '${target}' 'truth/${path}'`)
        .join('\n')}
      "$@" extract ${sources} "$R/build" -o written
      "$@" extract ${sources} "$R/build" -o - | tar -C piped -x
      for result in written piped; do
        diff -r --no-dereference truth "$result/$R/build" && [ "$(list truth)" = "$(list "$result/$R/build")" ] &&
          echo "$result is the same"
      done`;
    const env = { R: corpusRelease };
    const { stdout } = await start('sh', ['-c', script, 'sh', ...commandLine([])], { cwd: output, env });
    t.regex(stdout.toString(), /6,368 files\nwritten is the same\npiped is the same\n$/);
  },
);

testCorpus('paths keep their place, and one that is not there does not keep the others', async (t) => {
  const output = folderOf(t);
  const paths = ['nothing', 'btf/xfs', 'source'].map((name) => `${corpusRelease}/${name}`);
  const run = await ikfs(['extract', ...sysroot(), ...ownCache(t), ...paths.slice(0, 2), '-o', output]);
  t.is(run.status, 1);
  t.deepEqual(checksums(output), truthOf(['btf/xfs']));
});

testCorpus('the output directory is not left through a link in it, and files in it are kept', async (t) => {
  const [cache, output, elsewhere] = [ownCache(t), folderOf(t), folderOf(t)];
  const args = ['extract', ...sysroot(), ...cache, `${corpusRelease}/config`, '-o', output];
  symlinkSync(elsewhere, join(output, corpusRelease));
  for (const more of [[], ['--force']]) {
    assertOneLine(t, await ikfs([...args, ...more]), 2, /6\.1\.192-ik is there already and is no directory/);
  }
  t.deepEqual(readdirSync(elsewhere), []);
  const other = join(elsewhere, 'out');
  t.is((await ikfs([...args, '-o', other])).status, 0);
  writeFileSync(join(other, corpusRelease, 'config'), 'mine');
  assertOneLine(t, await ikfs([...args, '-o', other]), 2, /is there already\. --force overwrites it/);
  t.is(readFileSync(join(other, corpusRelease, 'config'), 'utf8'), 'mine');
  t.is((await ikfs([...args, '-o', other, '--force'])).status, 0);
  t.deepEqual(checksums(other), truthOf(['config']));
});

testWith(['corpus', 'tool:script'])('no archive is put on a terminal', async (t) => {
  const words = commandLine(['extract', image(), ...ownCache(t), '--what', 'btf', '-o', '-']);
  const { stdout } = await start('script', ['-qec', words.map((word) => `'${word}'`).join(' '), '/dev/null']);
  t.regex(stdout.toString(), /^ikfs: --output -: this would put [^\n]*\n$/);
});

test('an image that is not there is said to be so', async (t) => {
  const run = await ikfs(['extract', 'no-such.img', '--what', 'btf', '-o', '-', ...ownCache(t)]);
  assertOneLine(t, run, 1, /no-such\.img: no such file or directory/);
});
