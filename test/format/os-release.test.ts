import test from 'ava';
import { parseOsRelease } from '../../src/format/os-release.ts';

test('ID and VERSION_ID are read with and without quotes', (t) => {
  t.deepEqual(parseOsRelease('NAME="Debian"\nVERSION_ID="12"\nID=debian\nVARIANT_ID=x\n'), {
    id: 'debian',
    version: '12',
  });
  t.deepEqual(parseOsRelease("ID='opensuse-leap'\nVERSION_ID=15.5"), {
    id: 'opensuse-leap',
    version: '15.5',
  });
});

test('what is missing, or could be no name of a directory, is not made up', (t) => {
  for (const text of [
    '',
    'ID=arch\n',
    'ID=..\nVERSION_ID=1\n',
    'ID=a/b\nVERSION_ID=1\n',
    'ID=a\nVERSION_ID="1\n',
    'ID=a\nVERSION_ID=\n',
    '#ID=a\nVERSION_ID=1\n',
  ])
    t.is(parseOsRelease(text), undefined, text);
});
