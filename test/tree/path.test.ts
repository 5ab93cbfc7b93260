import test from 'ava';
import { memoryContent } from '../../src/artifact/content.ts';
import { IkfsError } from '../../src/errors.ts';
import { fileNode, fixedDirectory, linkNode } from '../../src/tree/nodes.ts';
import type { Node } from '../../src/tree/node.ts';
import { nodeAt } from '../../src/tree/path.ts';

const file = fileNode(3, 0, memoryContent('x'));
const inner = fixedDirectory(
  2,
  0,
  new Map<string, Node>([
    ['file', file],
    ['up', linkNode(4, 0, '../file')],
  ]),
);
const root = fixedDirectory(
  1,
  0,
  new Map<string, Node>([
    ['inner', inner],
    ['file', fileNode(5, 0, memoryContent('y'))],
    ['link', linkNode(6, 0, 'inner/file')],
    ['loop', linkNode(7, 0, 'loop')],
  ]),
);

test('paths lead to nodes, through links and dots', async (t) => {
  t.is((await nodeAt(root, '')).inode, 1);
  t.is((await nodeAt(root, '/inner//./file')).inode, 3);
  t.is((await nodeAt(root, 'link')).inode, 3);
  t.is((await nodeAt(root, 'inner/up')).inode, 5);
  t.is((await nodeAt(root, 'inner/../inner/file')).inode, 3);
  t.is((await nodeAt(root, '../..')).inode, 1);
});

test('a path that leads nowhere says why', async (t) => {
  for (const [path, code] of [
    ['missing', 'not-found'],
    ['file/below', 'wrong-kind'],
    ['file/..', 'wrong-kind'],
    ['loop', 'corrupt'],
  ] as const) {
    const error = await t.throwsAsync(nodeAt(root, path), { instanceOf: IkfsError }, path);
    t.is(error.code, code, path);
  }
});
