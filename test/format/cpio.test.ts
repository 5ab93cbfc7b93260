import test from 'ava';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { cpioEntries, isCpio } from '../../src/format/cpio.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { CountingSource } from './counting-source.ts';
import { buildCpio, buildCpioEntries } from './cpio-builder.ts';
import type { CpioEntrySpec } from './cpio-builder.ts';
import { errorCode } from './error-code.ts';

/** All entries as `name: content`, and where the plain archives end. */
function listed(archive: Buffer): { entries: string[]; end: number } {
  const source = new MemorySource('ramdisk', archive);
  const iterator = cpioEntries(source);
  const entries: string[] = [];
  for (let next = iterator.next(); ; next = iterator.next()) {
    if (next.done === true) return { entries, end: next.value };
    const { name, content } = next.value;
    entries.push(`${name}: ${source.read(content.offset, content.size).toString()}`);
  }
}

const archive = buildCpio([
  { name: '.', mode: 0o040755 },
  { name: 'init', mode: 0o100755, content: '#!/bin/sh\n' },
  { name: 'lib', mode: 0o120777, content: 'usr/lib' },
  { name: 'dev/console', mode: 0o020600 },
  { name: 'usr/lib/modules/a.ko', content: 'ELF' },
]);

test('cpioEntries gives name, kind, mode and content of every entry', (t) => {
  const entries = [...cpioEntries(new MemorySource('ramdisk', archive))];
  t.deepEqual(
    entries.map(({ name, kind, mode }) => [name, kind, mode]),
    [
      ['.', 'directory', 0o040755],
      ['init', 'file', 0o100755],
      ['lib', 'link', 0o120777],
      ['dev/console', 'special', 0o020600],
      ['usr/lib/modules/a.ko', 'file', 0o100644],
    ],
  );
  t.deepEqual(listed(archive), {
    entries: ['.: ', 'init: #!/bin/sh\n', 'lib: usr/lib', 'dev/console: ', 'usr/lib/modules/a.ko: ELF'],
    end: archive.length,
  });
});

test('cpioEntries takes both magics, capitals, an archive without trailer, and no last padding', (t) => {
  const entries = [{ name: 'a', content: 'b' }];
  const whole = { entries: ['a: b'], end: 116 };
  t.deepEqual(listed(buildCpioEntries(entries)), whole);
  t.deepEqual(listed(buildCpioEntries(entries).subarray(0, 113)), { ...whole, end: 113 });
  const capitals = Buffer.from(
    buildCpio(entries, '070702').toString('latin1').replaceAll('000081a4', '000081A4'),
  );
  t.deepEqual(listed(capitals).entries, ['a: b']);
  t.true(isCpio(capitals));
  t.false(isCpio(Buffer.from('070707')));
  t.false(isCpio(Buffer.from('07070')));
});

test('cpioEntries goes on with the archives behind, and says where they end', (t) => {
  const first = buildCpio([{ name: 'early', content: '1' }]);
  const second = buildCpio([{ name: 'late', content: '2' }]);
  const entries = ['early: 1', 'late: 2'];
  for (const zeros of [0, 4, 512, 4096, 70_000]) {
    const both = Buffer.concat([first, Buffer.alloc(zeros), second]);
    t.deepEqual(listed(both), { entries, end: both.length });
    for (const padding of [0, 1, 3, 5, 9000]) {
      const more = Buffer.concat([both, Buffer.alloc(padding), gzipSync('more')]);
      t.deepEqual(listed(more), { entries, end: both.length + padding });
    }
    const partition = Buffer.concat([both, Buffer.alloc(10_000)]);
    t.deepEqual(listed(partition), { entries, end: partition.length });
  }
});

test('cpioEntries ends where nothing begins that it knows', (t) => {
  t.deepEqual(listed(Buffer.alloc(0)), { entries: [], end: 0 });
  t.deepEqual(listed(Buffer.alloc(100)), { entries: [], end: 100 });
  t.deepEqual(listed(gzipSync('a')), { entries: [], end: 0 });
  // The kernel takes no archive that does not begin at a multiple of 4 bytes.
  t.deepEqual(listed(Buffer.concat([Buffer.alloc(2), archive])), { entries: [], end: 2 });
  t.deepEqual(listed(Buffer.concat([archive, Buffer.from('070707')])).end, archive.length);
});

test('cpioEntries gives every name of a file its content', (t) => {
  const link = (name: string, inode: number, content = ''): CpioEntrySpec => {
    return { name, inode, links: 3, content };
  };
  const last = [link('a', 1), link('x', 2, 'other'), link('b', 1), link('c', 1, 'content')];
  t.deepEqual(listed(buildCpio(last)).entries, ['x: other', 'a: content', 'b: content', 'c: content']);
  const first = [link('a', 1, 'content'), link('b', 1), link('c', 1)];
  t.deepEqual(listed(buildCpio(first)).entries, ['a: content', 'b: content', 'c: content']);
  const never = Buffer.concat([buildCpio([link('a', 1), link('b', 1)]), buildCpio([link('c', 1, 'c')])]);
  t.deepEqual(listed(never).entries, ['a: ', 'b: ', 'c: c']);
});

test('cpioEntries gives names as they are', (t) => {
  const names = ['../../etc/passwd', '/bin/sh', '', 'ü\n', 'a'.repeat(4095)];
  t.deepEqual(
    listed(buildCpio(names.map((name) => ({ name })))).entries,
    names.map((name) => `${name}: `),
  );
  t.deepEqual(listed(buildCpio([{ name: 'a\0b', content: '1' }])).entries, ['a: 1']);
});

test('cpioEntries names what is wrong', (t) => {
  const code = (bytes: Buffer): string => errorCode(() => listed(bytes));
  for (const length of [6, 109, 111, 250]) t.is(code(archive.subarray(0, length)), 'truncated');
  t.is(code(buildCpioEntries([{ name: 'a', statedSize: 0xffffffff }])), 'truncated');
  t.is(code(buildCpioEntries([{ name: 'a', statedNameSize: 4096 }])), 'truncated');
  t.is(code(buildCpio([{ name: 'a', statedNameSize: 0 }])), 'corrupt');
  t.is(code(buildCpio([{ name: 'a'.repeat(4096) }])), 'corrupt');
  t.is(code(buildCpio([{ name: 'abc', statedNameSize: 3 }])), 'corrupt');
  for (const digit of ['g', ' ', '-', '\0']) {
    const bytes = Buffer.from(archive);
    bytes.write(digit, 20);
    t.is(code(bytes), 'corrupt');
  }
});

test('cpioEntries reads one header at a time, and no content', (t) => {
  const big = { name: 'big', content: Buffer.alloc(1_000_000, 'x') };
  const source = new CountingSource('ramdisk', buildCpio([big, { ...big, name: 'second' }]));
  const iterator = cpioEntries(source);
  iterator.next();
  const atFirst = source.bytes;
  t.true(atFirst < 8192);
  t.is(iterator.next().done, false);
  t.is(source.bytes - atFirst, 256);
});

for (const format of ['newc', 'crc']) {
  testWith(['tool:cpio'])(`cpioEntries finds what cpio has packed as ${format}`, (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const path = (name: string): string => join(folder.path, name);
    mkdirSync(path('lib/modules'), { recursive: true });
    const contents = new Map(
      ['one', 'lib/two', 'lib/modules/three'].map((name) => [name, `content of ${name}\n`]),
    );
    for (const [name, content] of contents) writeFileSync(path(name), content);
    writeFileSync(path('empty'), '');
    linkSync(path('one'), path('lib/another'));
    linkSync(path('one'), path('lib/third'));
    symlinkSync('lib/two', path('link'));
    const names = [
      '.',
      'lib',
      'one',
      'lib/another',
      'lib/two',
      'lib/modules',
      'lib/modules/three',
      'lib/third',
      'link',
      'empty',
    ];
    const packed = execFileSync('cpio', ['--quiet', '--create', `--format=${format}`], {
      cwd: folder.path,
      input: names.join('\n'),
    });
    const { entries, end } = listed(packed);
    const said = execFileSync('cpio', ['--quiet', '--list'], { input: packed, encoding: 'utf8' });
    t.deepEqual(entries.map((entry) => entry.split(': ', 1)[0]).sort(), said.trim().split('\n').sort());
    const one = contents.get('one') ?? '';
    t.true(entries.includes(`one: ${one}`) && entries.includes(`lib/another: ${one}`));
    t.true(entries.includes(`lib/third: ${one}`) && entries.includes('link: lib/two'));
    t.true(entries.includes('lib/modules/three: content of lib/modules/three\n'));
    t.true(entries.includes('empty: '));
    t.is(end, packed.length);
  });
}
