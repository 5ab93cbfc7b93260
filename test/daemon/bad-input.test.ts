/* Images and modules that are broken or hostile: one line with file, step and offset, and the rest goes on. */
import test from 'ava';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { assertOneLine, folderOf, ikfs, ownCache, start } from './ikfs.ts';

const testCorpus = testWith(['corpus']);
const image = (): Buffer => readFileSync(join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`));

testCorpus('a truncated image: every command names file and offset', async (t) => {
  const path = join(folderOf(t), 'truncated.img');
  writeFileSync(path, image().subarray(0, 5_000_000));
  const cache = ownCache(t);
  for (const args of [
    ['info', path],
    ['cat', '--image', path, `${corpusRelease}/btf/vmlinux`],
    ['ls', '--image', path],
    ['extract', path, '-o', '-'],
  ]) {
    const run = await ikfs([...args, ...cache]);
    assertOneLine(t, run, 3, /truncated\.img.*\(at offset 0x52c4\)/);
  }
});

testCorpus(
  'a payload that does not decode is named with its steps; another source still serves',
  async (t) => {
    const root = folderOf(t);
    const bytes = image();
    for (let at = 4_000_000; at < 4_000_100; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
    mkdirSync(join(root, 'boot'));
    writeFileSync(join(root, 'boot', 'vmlinuz'), bytes);
    const config = join(root, 'boot', `config-${corpusRelease}`);
    writeFileSync(config, '#\nCONFIG_IKCONFIG=y\nCONFIG_DEBUG_INFO_BTF=y\n');
    const sources = ['--sysroot', root, ...ownCache(t)];
    const btf = await ikfs(['cat', ...sources, `${corpusRelease}/btf/vmlinux`]);
    assertOneLine(t, btf, 3, /vmlinuz > bzImage > gzip: .*\(at offset 0x[0-9a-f]+\)/);
    const served = await ikfs(['cat', ...sources, `${corpusRelease}/config`]);
    t.is(served.stdout.toString(), readFileSync(config, 'utf8'));
    const info = await ikfs(['info', ...sources]);
    t.is(info.status, 3);
    t.regex(info.stdout.toString(), /^ +bzImage > gzip: [^\n]*\(at offset 0x/m);
    t.regex(info.stdout.toString(), /^ +btf\/vmlinux +broken /m);
    t.regex(info.stdout.toString(), /^ +config +\d+ B /m);
  },
);

test('a file that is no kernel is refused when given, and only noted when found', async (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, 'boot'));
  const path = join(root, 'boot', 'vmlinuz-x');
  writeFileSync(path, Buffer.alloc(10_000, 'ikfs'));
  const cache = ownCache(t);
  assertOneLine(t, await ikfs(['info', path, ...cache]), 3, /vmlinuz-x: holds no kernel/);
  const found = await ikfs(['info', '--sysroot', root, ...cache]);
  t.is(found.status, 1);
  t.regex(found.stdout.toString(), /^Rejected\n {2}[^\n]*vmlinuz-x +holds no kernel[^\n]*\n$/);
  assertOneLine(
    t,
    await ikfs(['ls', '--sysroot', root, ...cache]),
    1,
    /no kernel was found \(1 file rejected/,
  );
});

testWith(['tool:mkfifo'])('what is no regular file is not waited for', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'fifo');
  t.is((await start('mkfifo', [path])).status, 0);
  const cache = ownCache(t);
  assertOneLine(t, await ikfs(['cat', '--image', path, 'x', ...cache]), 1, /fifo: is not a regular file/);
  assertOneLine(t, await ikfs(['ls', '--image', folder, ...cache]), 1, /is not a regular file/);
});

test('a sysroot that is missing, or a file, is said to be so', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assertOneLine(t, await ikfs(['ls', '--sysroot', join(folder, 'x')]), 1, /no such file or directory/);
  assertOneLine(t, await ikfs(['ls', '--sysroot', file]), 1, /is not a directory/);
});

test('names that would play with the terminal are shown harmlessly', async (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, 'boot'));
  writeFileSync(join(root, 'boot', 'vmlinuz-\x1b[2J'), 'x');
  symlinkSync('loop', join(root, 'boot', 'loop'));
  const { stdout, stderr } = await ikfs(['info', '--sysroot', root, ...ownCache(t)]);
  t.false((stdout.toString() + stderr).includes('\x1b'));
});
