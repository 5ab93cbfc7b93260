import test from 'ava';
import { formatSize } from '../../daemon/format-size.ts';
import { printable } from '../../daemon/printable.ts';
import { formatNames, formatTable } from '../../daemon/table.ts';

test('sizes have a unit and two or three digits', (t) => {
  const sizes = [0, 999, 1000, 9_417_728, 39_000_000, 999_499, 999_500, 9_949, 9_950, 1_500_000_000];
  t.deepEqual(sizes.map(formatSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '9.4 MB',
    '39 MB',
    '999 kB',
    '1.0 MB',
    '9.9 kB',
    '10 kB',
    '1.5 GB',
  ]);
});

test('what a terminal would obey is shown instead', (t) => {
  t.is(printable('a\x1b[2Jb\nc\td\x9b\u202e'), String.raw`a\x1b[2Jb\x0ac d\x9b\u202e`);
  t.is(printable('Größe 1 µs'), 'Größe 1 µs');
});

test('a table is aligned, has no spaces at the ends of lines, and is harmless', (t) => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'WHY' }] as const;
  const rows = [
    ['ext4', '12', ''],
    ['x\x1b', '3456', 'no'],
  ];
  t.is(formatTable(columns, rows), 'NAME   SIZE  WHY\next4     12\nx\\x1b  3456  no\n');
});

test('a table without titles has rows only', (t) => {
  t.is(formatTable([{ title: '' }, { title: '' }], [['a', 'b']], '  '), '  a  b\n');
});

test('names fill columns from top to bottom', (t) => {
  t.is(formatNames(['a', 'b', 'c', 'd', 'e'], 7), 'a  c  e\nb  d\n');
  t.is(formatNames(['a', 'b', 'c', 'd', 'e'], 6), 'a  d\nb  e\nc\n');
  t.is(formatNames(['a-long-name', 'b'], 5), 'a-long-name\nb\n');
  t.is(formatNames([], 80), '');
});
