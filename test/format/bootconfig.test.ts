import test from 'ava';
import { parseBootconfig } from '../../src/format/bootconfig.ts';
import { errorCode } from './error-code.ts';

const parse = (text: string): Record<string, readonly string[]> => Object.fromEntries(parseBootconfig(text));

test('parseBootconfig parses what vendor_boot holds and what /proc/bootconfig says', (t) => {
  t.deepEqual(parse('androidboot.hardware=board\nandroidboot.slot_suffix = "_a"\n'), {
    'androidboot.hardware': ['board'],
    'androidboot.slot_suffix': ['_a'],
  });
  t.deepEqual(
    parse('a.b = "1", "2"\na.c = ""\nd = \'with "quotes"\'\n# Parameters from bootloader:\n# quiet\n'),
    {
      'a.b': ['1', '2'],
      'a.c': [''],
      d: ['with "quotes"'],
    },
  );
});

test('parseBootconfig puts the keys in braces behind the key in front', (t) => {
  const flat = { 'foo.bar.baz': ['value1'], 'foo.bar.qux.quux': ['value2'], foo: ['x'] };
  t.deepEqual(parse('foo.bar {\n  baz = value1\n  qux.quux = value2\n}\nfoo = x\n'), flat);
  t.deepEqual(parse('foo.bar { baz = value1; qux.quux = value2 }; foo = x'), flat);
  t.deepEqual(parse('foo{bar{baz="value1"\nqux{quux=value2}}}\nfoo=x'), flat);
});

test('parseBootconfig takes values with spaces, lists over several lines, and comments', (t) => {
  const text = `
    # a comment = { not parsed
    plain = two words  ; next=3 # behind
    list = 1, # first
           2, # second
           "3, # and = {}" # third
    empty =
    none = # nothing
    flag
    other; last { flag }
  `;
  t.deepEqual(parse(text), {
    plain: ['two words'],
    next: ['3'],
    list: ['1', '2', '3, # and = {}'],
    empty: [''],
    none: [''],
    flag: [],
    other: [],
    'last.flag': [],
  });
});

test('parseBootconfig overrides with := and appends with +=', (t) => {
  t.deepEqual(parse('foo = bar, baz\nfoo += qux, quux\nfoo.x := 1\nfoo.x := 2, 3\nnew += 4\n'), {
    foo: ['bar', 'baz', 'qux', 'quux'],
    'foo.x': ['2', '3'],
    new: ['4'],
  });
});

test('parseBootconfig ends at the first NUL', (t) => {
  t.deepEqual(parse('a = b\n\0\0c = d\n'), { a: ['b'] });
  t.deepEqual(parse(''), {});
  t.deepEqual(parse('\n \n'), {});
});

test('parseBootconfig refuses what the kernel refuses', (t) => {
  const refused = [
    'a = 1\na = 2\n',
    'a b = 1\n',
    'a..b = 1\n',
    '.a = 1\n',
    ' = 1\n',
    'ä = 1\n',
    'a : 1\n',
    'a + 1\n',
    'a\n}\n',
    'a {\nb = 1\n',
    '{ b = 1 }\n',
    'a = "1\n',
    'a = "1" 2\n',
    'a = 1 # one\n , 2\n',
    'a =\n  1,\n  2\n',
    'a = # one\n 1,\n 2\n',
    'a = \x01\n',
    'a = 1\nb',
    `${'a'.repeat(256)} = 1\n`,
    `${'a.'.repeat(16)}b = 1\n`,
    `${'a {'.repeat(16)} b = 1 ${'}'.repeat(16)}\n`,
  ];
  for (const text of refused)
    t.is(
      errorCode(() => parse(text)),
      'corrupt',
      text,
    );
  const many = Array.from({ length: 4097 }, (_, index) => `k${index} = v\n`).join('');
  t.is(
    errorCode(() => parse(many)),
    'limit',
  );
});
