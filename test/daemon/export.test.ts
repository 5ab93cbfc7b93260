import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRelease as release, corpusTruth, sha256 } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { assertOneLine, commandLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const testCorpus = testWith(['corpus', 'tool:tar', 'tool:xz']);
const sysroot = (): string[] => ['--sysroot', corpusRoot()];

testCorpus("BTF goes to BTFHub's place, and tar takes it out as the kernel has it", async (t) => {
  const folder = folderOf(t);
  const args = ['export', '--btfhub', folder, '--distribution', 'debian/12', ...sysroot(), ...ownCache(t)];
  const run = await ikfs(args);
  const path = join(folder, 'debian', '12', 'x86_64', `${release}.btf.tar.xz`);
  t.is(run.status, 0, run.stderr);
  t.true(run.stdout.toString().startsWith(path));
  const unpacked = await start('tar', ['-xJf', path, '-C', folder]);
  t.is(unpacked.status, 0, unpacked.stderr);
  t.is(sha256(readFileSync(join(folder, `${release}.btf`))), corpusTruth()['btf/vmlinux']?.sha256 ?? '');
  const again = await ikfs(args);
  t.is(again.status, 2);
  t.regex(again.stderr, /is there already/);
});

testCorpus('the distribution is that of the system whose kernels they are', async (t) => {
  const system = folderOf(t);
  mkdirSync(join(system, 'etc'));
  writeFileSync(join(system, 'etc', 'os-release'), 'NAME="Alpine"\nID=alpine\nVERSION_ID="3.20"\n');
  mkdirSync(join(system, 'boot'));
  const name = `vmlinuz-${release}`;
  writeFileSync(join(system, 'boot', name), readFileSync(join(corpusRoot(), 'boot', name)));
  const folder = folderOf(t);
  const run = await ikfs(['export', '--btfhub', folder, '--sysroot', system, ...ownCache(t)]);
  t.is(run.status, 0, run.stderr);
  t.true(existsSync(join(folder, 'alpine', '3.20', 'x86_64', `${release}.btf.tar.xz`)));
});

testCorpus('a system that does not tell its name asks for it', async (t) => {
  const run = await ikfs(['export', '--btfhub', folderOf(t), ...sysroot(), ...ownCache(t)]);
  assertOneLine(t, run, 2, /no os-release with ID and VERSION_ID.*--distribution ID\/VERSION/);
  for (const given of ['debian', '../12', 'debian/..', 'a/b/c']) {
    const wrong = await ikfs(['export', '--btfhub', folderOf(t), '--distribution', given]);
    assertOneLine(t, wrong, 2, /--distribution takes ID\/VERSION/);
  }
});

testCorpus('any part of the tree goes out as a tar stream', async (t) => {
  const folder = folderOf(t);
  const command = commandLine(['export', '--format', 'tar', ...sysroot(), ...ownCache(t)]);
  const paths = [`${release}/btf`, `${release}/build/include/linux`];
  const script = 'folder=$1; shift; "$@" | tar -x -C "$folder"';
  const run = await start('sh', ['-c', script, 'sh', folder, ...command, ...paths]);
  t.is(run.status, 0, run.stderr);
  const truth = corpusTruth();
  for (const [name, { sha256: expected }] of Object.entries(truth)) {
    if (name.startsWith('btf/')) t.is(sha256(readFileSync(join(folder, release, name))), expected, name);
  }
  t.true(existsSync(join(folder, release, 'build', 'include', 'linux', 'kconfig.h')));
});

testCorpus('one of both forms has to be chosen', async (t) => {
  for (const args of [[], ['--btfhub', '/x', '--format', 'tar']])
    assertOneLine(t, await ikfs(['export', ...args]), 2, /either --btfhub DIR or --format tar/);
  assertOneLine(t, await ikfs(['export', '--format', 'zip']), 2, /--format is tar, not zip/);
  assertOneLine(t, await ikfs(['export', '--btfhub', '/x', 'btf']), 2, /--btfhub takes no path/);
});
