import test from 'ava';
import { headerTreeIndex } from '../../src/artifact/header-tree-index.ts';
import { HeaderTree } from '../../src/artifact/header-tree.ts';
import { memoryContent } from '../../src/artifact/content.ts';
import type { HeaderDirectory } from '../../src/artifact/header-tree.ts';
import { IkfsError } from '../../src/errors.ts';
import type { ArchiveEntry } from '../../src/format/archive-index.ts';

const provenance = { source: 'test', steps: [], derived: false, modified: 0 };
const tar = memoryContent('0123456789');

function treeOf(entries: readonly Partial<ArchiveEntry>[]): HeaderTree {
  const whole = entries.map((entry): ArchiveEntry => ({
    kind: 'file',
    path: 'file',
    mode: 0o644,
    size: 0,
    offset: 0,
    target: '',
    ...entry,
  }));
  return new HeaderTree(headerTreeIndex(whole), tar, provenance);
}

for (const path of ['../up', 'a/../../up', '/absolute', 'a//b', './a/./b', 'a/..', '..']) {
  test(`an archive with the name ${path} is refused as a whole`, (t) => {
    const error = t.throws(() => treeOf([{ path }]), { instanceOf: IkfsError });
    t.is(error.code, 'corrupt');
    t.true(error.message.includes(JSON.stringify(path)));
  });
}

test('a name that occurs twice is refused, a directory listed twice is not', (t) => {
  t.throws(() => treeOf([{ path: 'a' }, { path: 'a' }]), { instanceOf: IkfsError, code: 'corrupt' });
  t.throws(() => treeOf([{ path: 'a' }, { path: 'a/b' }]), { instanceOf: IkfsError, code: 'corrupt' });
  t.notThrows(() =>
    treeOf([{ kind: 'directory', path: 'a' }, { kind: 'directory', path: 'a' }, { path: 'a/b' }]),
  );
});

test('links that lead out of the tree are left out, others are kept', (t) => {
  const tree = treeOf([
    { kind: 'link', path: 'include/good.h', target: '../uapi/good.h' },
    { kind: 'link', path: 'include/top.h', target: '../../top.h' },
    { kind: 'link', path: 'absolute.h', target: '/etc/passwd' },
    { kind: 'link', path: 'deep/er/sneaky.h', target: 'a/../../../../x' },
    { kind: 'link', path: 'empty.h', target: '' },
  ]);
  t.deepEqual(tree.omittedLinks(), ['include/top.h', 'absolute.h', 'deep/er/sneaky.h', 'empty.h']);
  t.is(tree.find('include/good.h')?.kind, 'link');
  t.is(tree.find('absolute.h'), undefined);
});

test('directories that the archive does not list are made, and every node has a number of its own', async (t) => {
  const tree = treeOf([
    { path: 'a/b/c.h', offset: 2, size: 3 },
    { path: 'a/d.h' },
    { kind: 'directory', path: 'e' },
  ]);
  t.is((await tree.readFile('a/b/c.h'))?.toString(), '234');
  const numbers = [tree.top.number];
  const visit = (directory: HeaderDirectory): void => {
    for (const child of tree.childrenOf(directory)) {
      numbers.push(child.number);
      if (child.kind === 'directory') visit(child);
    }
  };
  visit(tree.top);
  t.is(numbers.length, 6);
  t.is(new Set(numbers).size, numbers.length);
  t.true(Math.max(...numbers) < tree.size);
});
