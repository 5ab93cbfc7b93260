/* ls, cat, modules, info and env on the corpus kernel, without a mount. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRelease, corpusTruth, sha256 } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { assertOneLine, commandLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const testCorpus = testWith(['corpus']);
const sysroot = (): string[] => ['--sysroot', corpusRoot()];
const image = (): string => join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
const kheaders = (): string =>
  join(corpusRoot(), 'lib', 'modules', corpusRelease, 'kernel', 'kernel', 'kheaders.ko');

testCorpus('ls lists names, one a line for programs', async (t) => {
  const cache = ownCache(t);
  const root = await ikfs(['ls', ...sysroot(), ...cache]);
  t.is(root.stdout.toString(), `README\nstatus.json\nsysroot\n${corpusRelease}\n`);
  t.is(root.stderr, '');
  const several = await ikfs([
    'ls',
    ...sysroot(),
    ...cache,
    '/',
    `${corpusRelease}/source/include/asm-generic/../keys`,
  ]);
  t.regex(several.stdout.toString(), /^\.:\nREADME\n[^]*\n\n6[^\n]*keys:\n[^]*\.h\n$/);
});

testCorpus('ls -l tells exact sizes, modes and targets', async (t) => {
  const { stdout } = await ikfs(['ls', '-l', ...sysroot(), ...ownCache(t), corpusRelease]);
  const text = stdout.toString();
  const bytes = corpusTruth()['kheaders.tar.xz']?.bytes;
  t.regex(
    text,
    new RegExp(`^-rw-r--r-- +${bytes} +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +kheaders\\.tar\\.xz$`, 'm'),
  );
  t.regex(text, /^drwxr-xr-x +- .* build$/m);
  t.regex(text, /^lrwxrwxrwx .* source -> build$/m);
});

testCorpus('ls -R --json gives every name below a path', async (t) => {
  const { stdout } = await ikfs([
    'ls',
    '-Rl',
    '--json',
    ...sysroot(),
    ...ownCache(t),
    `${corpusRelease}/btf`,
  ]);
  const entries = JSON.parse(stdout.toString()) as { path: string; kind: string; size: number }[];
  const expected = Object.entries(corpusTruth()).filter(([name]) => name.startsWith('btf/'));
  t.deepEqual(
    Object.fromEntries(entries.map(({ path, size }) => [path, size])),
    Object.fromEntries(expected.map(([name, { bytes }]) => [`${corpusRelease}/${name}`, bytes])),
  );
});

testCorpus('cat writes every artifact byte for byte', async (t) => {
  const cache = ownCache(t);
  const names = ['config', 'config.gz', 'kheaders.tar.xz', 'btf/vmlinux', 'btf/xfs'];
  for (const name of names) {
    const { status, stdout } = await ikfs(['cat', ...sysroot(), ...cache, `${corpusRelease}/${name}`]);
    t.is(status, 0);
    t.is(sha256(stdout), corpusTruth()[name]?.sha256 ?? '', name);
  }
});

testCorpus('files given by hand are the only sources', async (t) => {
  const cache = ownCache(t);
  t.is(
    (await ikfs(['ls', '--image', image(), ...cache])).stdout.toString(),
    `README\nstatus.json\nsysroot\n${corpusRelease}\n`,
  );
  const names = (await ikfs(['ls', '--image', image(), ...cache, corpusRelease])).stdout.toString();
  t.false(names.includes('modules.tsv'));
  const headers = await ikfs(['cat', '--headers', kheaders(), ...cache, `${corpusRelease}/kheaders.tar.xz`]);
  t.is(sha256(headers.stdout), corpusTruth()['kheaders.tar.xz']?.sha256 ?? '');
});

testCorpus('cat goes on after a path that is not there, and fails', async (t) => {
  const version = `${corpusRelease}/version`;
  const run = await ikfs([
    'cat',
    ...sysroot(),
    ...ownCache(t),
    `${corpusRelease}/nothing`,
    corpusRelease,
    version,
  ]);
  t.is(run.status, 1);
  t.regex(run.stdout.toString(), /^Linux version 6\.1\.192-ik [^\n]*\n$/);
  t.regex(run.stderr, /^ikfs: [^\n]*nothing: [^\n]*\nikfs: 6\.1\.192-ik: is a directory\n$/);
});

testCorpus('a reader that stops early is no failure', async (t) => {
  const command = commandLine(['cat', ...sysroot(), ...ownCache(t), `${corpusRelease}/btf/vmlinux`]);
  const run = await start('sh', ['-c', '{ "$@"; echo $? >&2; } | head -c 3 | wc -c', 'sh', ...command]);
  t.is(run.stdout.toString().trim(), '3');
  t.is(run.stderr, '0\n');
});

testCorpus('output that can not be written is a failure of its own kind', async (t) => {
  const command = commandLine(['cat', ...sysroot(), ...ownCache(t), `${corpusRelease}/config`]);
  const run = await start('sh', ['-c', '"$@" > /dev/full', 'sh', ...command]);
  assertOneLine(t, run, 5, /standard output: no space left/);
});

testCorpus('info shows every layer and every artifact', async (t) => {
  const { status, stdout, stderr } = await ikfs(['info', ...sysroot(), ...ownCache(t)]);
  t.is(status, 0);
  t.is(stderr, '');
  const text = stdout.toString();
  t.regex(text, /bzImage 9\.4 MB > gzip > ELF x86-64 36 MB > BTF 3\.7 MB \+ IKCONFIG 27 kB/);
  t.regex(text, /^ {2}version +Linux version 6\.1\.192-ik/m);
  t.regex(text, /^ {2}kheaders\.tar\.xz +4\.0 MB +.*kheaders\.ko > ELF x86-64$/m);
});

testCorpus('info of an image says what it lacks and why, which is no failure', async (t) => {
  const { status, stdout } = await ikfs(['info', image(), ...ownCache(t)]);
  t.is(status, 0);
  t.regex(stdout.toString(), /^ {2}kheaders\.tar\.xz +absent +.*: no header archive \(CONFIG_IKHEADERS/m);
});

testCorpus('info --json gives the status with every artifact asked for', async (t) => {
  const { stdout } = await ikfs(['info', '--json', ...sysroot(), ...ownCache(t), corpusRelease]);
  const status = JSON.parse(stdout.toString()) as {
    kernels: { release: string; artifacts: Record<string, { state: string; size: number }> }[];
  };
  t.is(status.kernels.length, 1);
  const artifacts = status.kernels[0]?.artifacts ?? {};
  t.is(artifacts['btf/vmlinux']?.size, corpusTruth()['btf/vmlinux']?.bytes);
  t.is(artifacts['build']?.state, 'ready');
  t.is(artifacts['modules.tsv']?.state, 'present', 'modules are not looked at');
});

testCorpus('info of a release that is not there names those that are', async (t) => {
  assertOneLine(
    t,
    await ikfs(['info', ...sysroot(), ...ownCache(t), '5.4.0']),
    1,
    /no kernel 5\.4\.0\. There is 6\.1\.192-ik/,
  );
});

testCorpus('modules tells name, verdict and size of each, and sums up', async (t) => {
  const cache = ownCache(t);
  const truth = Object.entries(corpusTruth()).filter(([name]) => /^btf\/(?!vmlinux$)/.test(name));
  const { status, stdout } = await ikfs(['modules', ...sysroot(), ...cache]);
  t.is(status, 0);
  const lines = stdout.toString().split('\n');
  t.regex(lines[0] ?? '', /^MODULE +VERDICT +SPLIT +FLAT$/);
  t.is(lines.at(-2), '142 modules: 142 with BTF (2.4 MB), 0 without');
  for (const [name, { bytes }] of truth) {
    const row = lines.find((line) => line.startsWith(`${name.slice('btf/'.length)} `));
    t.regex(row ?? '', new RegExp(` ok +${bytes} +\\d+$`), name);
  }
  const json = await ikfs(['modules', '--json', '--sort', 'size', ...sysroot(), ...cache, corpusRelease]);
  const { release, summary, modules } = JSON.parse(json.stdout.toString()) as {
    release: string;
    summary: { withBtf: number };
    modules: { splitSize: number; path: string }[];
  };
  t.is(release, corpusRelease);
  t.is(summary.withBtf, 142);
  const sizes = modules.map(({ splitSize }) => splitSize);
  t.deepEqual(
    sizes,
    truth.map(([, { bytes }]) => bytes).sort((a, b) => b - a),
  );
});

testCorpus('env names variables that lead to headers, quoted for sh', async (t) => {
  const mountpoint = '/run/it is';
  const args = ['env', '--mount', mountpoint, ...sysroot(), ...ownCache(t)];
  const { status, stdout, stderr } = await ikfs(args);
  t.is(status, 0);
  t.regex(stderr, /nothing is mounted at \/run\/it is yet/);
  const value = await start('sh', ['-c', `${stdout.toString()}\nprintf %s "$BCC_KERNEL_SOURCE"`]);
  t.is(value.stdout.toString(), `${mountpoint}/${corpusRelease}/build`);
  t.false(stdout.toString().includes('PAHOLE'), 'of another kernel only headers help');
  const json = await ikfs([...args, '--json']);
  const names = (JSON.parse(json.stdout.toString()) as { name: string }[]).map(({ name }) => name);
  t.deepEqual(names, ['BCC_KERNEL_SOURCE', 'BPFTRACE_KERNEL_SOURCE']);
});

testCorpus('env fails where no variable would help', async (t) => {
  const without = [
    '--config',
    join(corpusRoot(), 'boot', `config-${corpusRelease}`),
    '--release',
    corpusRelease,
  ];
  const line = /no kernel here has headers, nor BTF to make them from/;
  assertOneLine(t, await ikfs(['env', ...without, ...ownCache(t)]), 1, line);
  const archive = ['env', '--headers', 'archive', '--image', image(), ...ownCache(t)];
  assertOneLine(t, await ikfs(archive), 1, /--headers archive: no kernel here has a header archive/);
});

testWith(['corpus', 'addon'])(
  'without a directory to write to, the store is in memory, which is said',
  async (t) => {
    const file = join(folderOf(t), 'file');
    writeFileSync(file, '');
    const path = `${corpusRelease}/btf/vmlinux`;
    const { status, stdout, stderr } = await ikfs([
      'cat',
      ...sysroot(),
      '--cache-dir',
      join(file, 'cache'),
      path,
    ]);
    t.is(status, 0);
    t.is(sha256(stdout), corpusTruth()['btf/vmlinux']?.sha256 ?? '');
    t.regex(stderr, /^ikfs: [^\n]*kept in memory only\n$/);
  },
);
