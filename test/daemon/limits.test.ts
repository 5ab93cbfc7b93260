import test from 'ava';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formatLimit, limitsOf, optionName } from '../../daemon/limits.ts';
import { caps, defaultLimits, limitNames } from '../../src/bytes/limits.ts';
import { IkfsError } from '../../src/errors.ts';
import { moduleFile, vmlinux } from '../synthetic-kernel.ts';
import { assertOneLine, folderOf, ikfs, ownCache } from './ikfs.ts';

test('limits are the usual ones but for those that are given', (t) => {
  t.deepEqual(limitsOf(), defaultLimits);
  t.deepEqual(limitsOf(['image-bytes=2G', 'ratio=7', 'config-bytes=3K', 'ratio=8', 'module-bytes=5']), {
    ...defaultLimits,
    imageBytes: 2 * 1024 ** 3,
    ratio: 8,
    configBytes: 3 * 1024,
    moduleBytes: 5,
  });
  // What help shows can be typed.
  for (const name of limitNames) {
    t.deepEqual(limitsOf([`${optionName(name)}=${formatLimit(name)}`]), defaultLimits, name);
  }
});

for (const [text, message] of [
  ['imageBytes=1', /unknown limit 'imageBytes'/],
  ['=1', /unknown limit ''/],
  ['image-bytes', /image-bytes takes a size/],
  ['image-bytes=', /image-bytes takes a size/],
  ['image-bytes=0', /image-bytes takes a size/],
  ['image-bytes=1T', /image-bytes takes a size/],
  ['image-bytes=-1', /image-bytes takes a size/],
  ['image-bytes=9999999999G', /image-bytes takes a size/],
  ['ratio=1K', /ratio takes a whole number/],
  ['ratio=1.5', /ratio takes a whole number/],
] as const) {
  test(`--limit ${text} is refused`, (t) => {
    const error = t.throws(() => limitsOf([text]), { instanceOf: IkfsError, code: 'usage' });
    t.regex(error.message, message);
  });
}

test('help lists every limit with its default and its reason', async (t) => {
  const help = (await ikfs(['help'])).stdout.toString().replace(/\s+/g, ' ');
  for (const name of limitNames) {
    const { meaning, reason } = caps[name];
    t.true(help.includes(`${optionName(name)} ${meaning} (default: ${formatLimit(name)}). ${reason}.`), name);
  }
});

test('a limit that is given holds, for commands with a tree and for extract', async (t) => {
  const folder = folderOf(t);
  const image = join(folder, 'vmlinux.gz');
  writeFileSync(image, gzipSync(vmlinux({ release: '6.6.1-test', config: 'CONFIG_A=y\n' })));
  const module = join(folder, 'a.ko.gz');
  writeFileSync(module, gzipSync(moduleFile('a', '6.6.1-test')));
  const list = await ikfs(['ls', '--image', image, '--limit', 'image-bytes=200', ...ownCache(t)]);
  assertOneLine(t, list, 3, /gzip: expands to more than the 200 bytes allowed/);
  const extract = ['extract', module, '--what', 'btf', '-o', '-'];
  t.is((await ikfs([...extract, '--limit', 'module-bytes=200', ...ownCache(t)])).status, 3);
  t.is((await ikfs([...extract, '--limit', 'module-bytes=1M', ...ownCache(t)])).status, 0);
  assertOneLine(
    t,
    await ikfs(['ls', '--limit', 'size=1', ...ownCache(t)]),
    2,
    /--limit: unknown limit 'size'/,
  );
});
