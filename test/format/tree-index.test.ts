import test from 'ava';
import { IkfsError } from '../../src/errors.ts';
import { TreeIndex, encodeTreeIndex } from '../../src/format/tree-index.ts';
import type { PlainTree } from '../../src/format/tree-index.ts';
import { Random } from '../random.ts';

const file = (size: number, offset: number): PlainTree => ({ kind: 'file', mode: 0o644, size, offset });
const folder = (
  children: Readonly<Record<string, PlainTree>>,
): Extract<PlainTree, { kind: 'directory' }> => ({
  kind: 'directory',
  children: new Map(Object.entries(children)),
});

const tree = folder({
  scripts: folder({ 'a.sh': { kind: 'file', mode: 0o755, size: 3, offset: 2 ** 33 } }),
  include: folder({
    'z.h': file(1, 512),
    'Grüße.h': file(2, 1024),
    'a.h': { kind: 'link', target: '../x/ü' },
  }),
  empty: folder({}),
});

/** All that an index has, as it is found by walking. */
function walk(index: TreeIndex): string[] {
  const found: string[] = [];
  const visit = (number: number, path: string): void => {
    const node = index.node(number);
    if (node.kind === 'directory') {
      found.push(`${path}${node.name}/`);
      for (let child = 0; child < node.children; child += 1)
        visit(node.firstChild + child, `${path}${node.name}/`);
    } else if (node.kind === 'file') {
      found.push(`${path}${node.name} ${node.mode.toString(8)} ${node.size}@${node.offset}`);
    } else found.push(`${path}${node.name} -> ${node.target}`);
  };
  visit(0, '');
  return found;
}

test('an index has what was encoded, each directory in order of its names', (t) => {
  const index = new TreeIndex(encodeTreeIndex(tree, ['left/out', 'ü']));
  t.is(index.size, 8);
  t.deepEqual(index.omitted(), ['left/out', 'ü']);
  t.deepEqual(walk(index), [
    '/',
    '/empty/',
    '/include/',
    '/include/Grüße.h 644 2@1024',
    '/include/a.h -> ../x/ü',
    '/include/z.h 644 1@512',
    '/scripts/',
    `/scripts/a.sh 755 3@${2 ** 33}`,
  ]);
});

test('a name is found in its directory and nowhere else', (t) => {
  const index = new TreeIndex(encodeTreeIndex(tree, []));
  const top = index.node(0);
  if (top.kind !== 'directory') return t.fail('the top is no directory');
  const include = index.node(index.find(top, 'include') ?? -1);
  if (include.kind !== 'directory') return t.fail('include is no directory');
  for (const name of ['Grüße.h', 'a.h', 'z.h']) t.is(index.node(index.find(include, name) ?? 0).name, name);
  for (const name of ['', 'a', 'a.h.', 'zz', 'scripts']) t.is(index.find(include, name), undefined);
});

test('bytes that are no index are refused, and never lead a walk in circles', (t) => {
  const whole = encodeTreeIndex(tree, ['left/out']);
  for (let size = 0; size < whole.length; size += 1) {
    t.throws(() => new TreeIndex(whole.subarray(0, size)), { instanceOf: IkfsError, code: 'corrupt' });
  }
  const chance = new Random(1);
  for (let round = 0; round < 2000; round += 1) {
    const bytes = Buffer.from(whole);
    bytes[chance.below(bytes.length)] = chance.below(256);
    try {
      walk(new TreeIndex(bytes));
    } catch (error) {
      if (!(error instanceof IkfsError) || error.code !== 'corrupt') throw error;
    }
  }
  t.pass();
});
