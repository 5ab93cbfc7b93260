/* What goes over to a session, and when; without a kernel. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Content } from '../../src/artifact/content.ts';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { Shelf } from '../../src/bytes/shelf.ts';
import { IkfsError, errorCodes } from '../../src/errors.ts';
import type { NativeAnswer, NativeForgetting, NativeNeed, NativeNode } from '../../src/native.ts';
import { errnoByCode } from '../../src/transport/errno.ts';
import { KernelNodes } from '../../src/transport/kernel-nodes.ts';
import type { DirectoryNode, FileNode, Node } from '../../src/tree/node.ts';
import {
  directory,
  failingFile,
  file,
  fixtureModified,
  link,
  slowFile,
  volatileFile,
  wholeDirectory,
} from '../tree-fixture.ts';

/** One call of publish(). */
interface Published {
  readonly nodes: readonly NativeNode[];
  readonly forget: readonly NativeForgetting[];
  readonly answered: readonly NativeAnswer[];
}

const root = 1;

/** The nodes of a tree, and all that they have published. */
class Recording {
  readonly published: Published[] = [];
  readonly errors: unknown[] = [];
  readonly nodes: KernelNodes;

  constructor(tree: DirectoryNode) {
    const publish = (
      nodes: readonly NativeNode[],
      forget: readonly NativeForgetting[],
      answered: readonly NativeAnswer[],
    ): void => {
      this.published.push({ nodes, forget, answered });
    };
    const onError = (error: unknown): void => void this.errors.push(error);
    this.nodes = new KernelNodes(asRoot(tree), new ContentReader(), { publish }, onError);
    this.nodes.start();
  }

  /** Asks, and gives the one thing that was published for it. */
  async ask(t: ExecutionContext, number: number, need: NativeNeed): Promise<Published> {
    const before = this.published.length;
    await this.nodes.ask(number, need);
    t.is(this.published.length, before + 1, 'one question has one answer');
    const answer = this.last();
    t.is(answer.answered.length, 1);
    t.like(answer.answered[0], { node: number, need });
    return answer;
  }

  last(): Published {
    const last = this.published.at(-1);
    if (!last) throw new Error('nothing was published');
    return last;
  }
}

function asRoot(tree: DirectoryNode): DirectoryNode {
  return { ...tree, inode: root };
}

/** A directory whose names may be taken away. */
function shrinkingDirectory(children: Readonly<Record<string, Node>>): {
  readonly node: DirectoryNode;
  readonly remove: (...names: string[]) => void;
} {
  const all = directory(children);
  const removed = new Set<string>();
  const node: DirectoryNode = {
    ...all,
    list: async () => (await all.list()).filter(({ name }) => !removed.has(name)),
    lookup: async (name) => (removed.has(name) ? undefined : all.lookup(name)),
  };
  return { node, remove: (...names) => names.forEach((name) => removed.add(name)) };
}

const names = (node: NativeNode | undefined): string[] =>
  node && 'names' in node ? (node.names ?? []).map(({ name }) => name) : [];

test('at first there is the root, and not even its names', (t) => {
  const tree = directory({ config: file('x') });
  const recording = new Recording(tree);
  t.deepEqual(recording.published, [
    {
      nodes: [
        {
          id: root,
          kind: 'directory',
          settled: true,
          mode: 0o755,
          modified: fixtureModified,
          parent: root,
        },
      ],
      forget: [],
      answered: [],
    },
  ]);
});

test('asked for names, a directory goes over with what can be known without looking at them', async (t) => {
  const [config, build, source] = [file('x'), directory(), link('build')];
  const tree = directory({ config, build, source });
  const { nodes, forget, answered } = await new Recording(tree).ask(t, root, 'names');
  t.like(nodes[0], { id: root, kind: 'directory', settled: true, parent: root });
  t.deepEqual(names(nodes[0]), ['config', 'build', 'source']);
  const common = { settled: false, mode: 0, modified: 0 };
  t.deepEqual(nodes.slice(1), [
    { ...common, id: config.inode, kind: 'file' },
    { ...common, id: build.inode, kind: 'directory', parent: root },
    { ...common, id: source.inode, kind: 'link', target: '' },
  ]);
  t.deepEqual(forget, []);
  t.is(answered[0]?.error, 0);
  t.deepEqual(tree.lookups, []);
});

test('asked about a node, it goes over with all that it has', async (t) => {
  const [config, build, source] = [file('#!/bin/sh', 0o755), directory({ a: file('') }), link('build')];
  const recording = new Recording(directory({ config, build, source }));
  await recording.ask(t, root, 'names');
  const settled = async (number: number): Promise<NativeNode | undefined> =>
    (await recording.ask(t, number, 'settled')).nodes[0];
  const common = { settled: true, modified: fixtureModified };
  t.deepEqual(await settled(config.inode), {
    ...common,
    id: config.inode,
    kind: 'file',
    mode: 0o755,
    size: 9,
    content: { bytes: Buffer.from('#!/bin/sh') },
  });
  t.deepEqual(await settled(source.inode), {
    ...common,
    id: source.inode,
    kind: 'link',
    mode: 0o777,
    target: 'build',
  });
  t.deepEqual(await settled(build.inode), {
    ...common,
    id: build.inode,
    kind: 'directory',
    mode: 0o755,
    parent: root,
  });
  t.deepEqual(names((await recording.ask(t, build.inode, 'names')).nodes[0]), ['a']);
});

test('content goes over as the place where it lies', async (t) => {
  const identity = { inode: '7', size: 100, modified: '1' };
  const places: readonly (readonly [Content, unknown])[] = [
    [
      { kind: 'file', size: 5, path: '/a.ko', offset: 64, identity },
      { path: '/a.ko', offset: 64, identity },
    ],
    [
      { kind: 'descriptor', key: 'key', size: 5, descriptor: 9, offset: 3 },
      { descriptor: 9, offset: 3 },
    ],
  ];
  for (const [content, expected] of places) {
    const node: FileNode = { ...file(''), size: async () => 5, content: async () => content };
    const recording = new Recording(directory({ node }));
    await recording.ask(t, root, 'names');
    t.like((await recording.ask(t, node.inode, 'settled')).nodes[0], { size: 5, content: expected });
  }
});

test('a directory of which all is known goes over as a whole, in one', async (t) => {
  const build = wholeDirectory({ 'a.h': '#pragma once\n', 'include/same.h': { target: '../a.h' } });
  const recording = new Recording(directory({ build }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, build.inode, 'settled');
  const { nodes } = await recording.ask(t, build.inode, 'names');
  const whole = await build.whole?.();
  if (!whole) return t.fail('it is not known as a whole');
  t.deepEqual(nodes, [
    {
      id: build.inode,
      kind: 'tree',
      parent: root,
      index: whole.index,
      content: { bytes: Buffer.from('#pragma once\n') },
      first: whole.firstInode,
      modified: fixtureModified,
    },
  ]);
});

test('bytes of the store that are damaged are reported to it, and nobody gets an answer', async (t) => {
  const reports: string[] = [];
  const blobOf = (name: string): Content => {
    const reportDamage = (): void => void reports.push(name);
    const seal = { size: 5, sums: Buffer.alloc(4), isDamaged: false, reportDamage };
    return { kind: 'blob', key: 'key', path: `/store/${name}`, offset: 0, size: 5, seal };
  };
  const single: FileNode = { ...file(''), size: async () => 5, content: async () => blobOf('single') };
  const plain = wholeDirectory({ 'a.h': 'x' });
  const whole = await plain.whole?.();
  if (!whole) return t.fail('it is not known as a whole');
  const build: DirectoryNode = { ...plain, whole: async () => ({ ...whole, content: blobOf('tree') }) };
  const recording = new Recording(directory({ single, build }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, single.inode, 'settled');
  await recording.ask(t, build.inode, 'settled');
  await recording.ask(t, build.inode, 'names');
  const before = recording.published.length;
  const [header] = await build.list();
  for (const number of [single.inode, header?.inode ?? 0, 100_000]) {
    await recording.nodes.ask(number, 'repaired');
  }
  t.deepEqual(reports, ['single', 'tree']);
  t.is(recording.published.length, before);
});

test('a failure is the answer, is asked about again, and is reported once with its path', async (t) => {
  const broken = directory(
    Object.fromEntries(errorCodes.map((code) => [code, failingFile(new IkfsError(code, 'on purpose'))])),
  );
  const recording = new Recording(directory({ broken }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, broken.inode, 'settled');
  await recording.ask(t, broken.inode, 'names');
  for (const { name, inode } of [...(await broken.list()), ...(await broken.list())]) {
    const code = errorCodes.find((each) => each === name) ?? 'io';
    t.deepEqual(await recording.ask(t, inode, 'settled'), {
      nodes: [],
      forget: [],
      answered: [{ node: inode, need: 'settled', error: errnoByCode[code] }],
    });
  }
  t.deepEqual(
    recording.errors.map((error) => (error as IkfsError).path),
    errorCodes.map((code) => `/broken/${code}`),
  );
});

test('a directory that can not be listed fails as a file does, and may succeed later', async (t) => {
  let works = false;
  const inner = directory({ a: file('') });
  const list: DirectoryNode['list'] = () =>
    works ? inner.list() : Promise.reject(new IkfsError('truncated', 'no names'));
  const recording = new Recording(directory({ inner: { ...inner, list } }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, inner.inode, 'settled');
  t.is((await recording.ask(t, inner.inode, 'names')).answered[0]?.error, errnoByCode.truncated);
  works = true;
  t.deepEqual(names((await recording.ask(t, inner.inode, 'names')).nodes[0]), ['a']);
});

test('what turns out not to be there goes, with all that went with it', async (t) => {
  const [vmlinux, module, other] = [file(''), file(''), file('')];
  const { node: btf, remove } = shrinkingDirectory({ vmlinux, module, other });
  const recording = new Recording(directory({ btf }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, btf.inode, 'settled');
  await recording.ask(t, btf.inode, 'names');
  remove('vmlinux', 'module');
  const { nodes, forget, answered } = await recording.ask(t, vmlinux.inode, 'settled');
  t.deepEqual(names(nodes[0]), ['other']);
  t.deepEqual(nodes.slice(1), [
    { id: vmlinux.inode, gone: true },
    { id: module.inode, gone: true },
  ]);
  t.deepEqual(forget, [
    { node: btf.inode },
    { parent: btf.inode, name: 'vmlinux' },
    { parent: btf.inode, name: 'module' },
  ]);
  t.is(answered[0]?.error, errnoByCode['not-found']);
  t.deepEqual(recording.errors, [], 'absence is no failure');
});

test('what is still listed although it is not there is left out', async (t) => {
  const [absent, there] = [file(''), file('')];
  const inner = directory({ absent, there });
  const tree: DirectoryNode = {
    ...inner,
    lookup: async (name) => (name === 'absent' ? undefined : inner.lookup(name)),
  };
  const recording = new Recording(tree);
  await recording.ask(t, root, 'names');
  const { nodes } = await recording.ask(t, absent.inode, 'settled');
  t.deepEqual(names(nodes[0]), ['there']);
});

test('a question about what has gone meanwhile is answered, and is no failure', async (t) => {
  const gone = file('');
  const { node: tree, remove } = shrinkingDirectory({ gone });
  const recording = new Recording(tree);
  await recording.ask(t, root, 'names');
  remove('gone');
  await recording.ask(t, gone.inode, 'settled');
  for (const need of ['settled', 'names', 'renewed'] as const) {
    t.is((await recording.ask(t, gone.inode, need)).answered[0]?.error, errnoByCode['not-found']);
  }
  t.deepEqual(recording.errors, []);
});

test('a slow node holds up no other', async (t) => {
  const [slow, quick] = [slowFile('at last'), file('quick')];
  const recording = new Recording(directory({ slow, quick }));
  await recording.ask(t, root, 'names');
  const waiting = recording.nodes.ask(slow.inode, 'settled');
  t.like((await recording.ask(t, quick.inode, 'settled')).nodes[0], { size: 5 });
  slow.finish();
  await waiting;
  t.like(recording.last().nodes[0], { id: slow.inode, size: 7 });
});

test.serial('who reads a volatile file has one state of it, and who comes later the next', async (t) => {
  const now = performance.now.bind(performance);
  let time = 10_000;
  performance.now = () => time;
  t.teardown(() => (performance.now = now));
  let text = 'first';
  const status = volatileFile(() => text);
  const recording = new Recording(directory({ status }));
  await recording.ask(t, root, 'names');
  t.like((await recording.ask(t, status.inode, 'settled')).nodes[0], { volatile: true, settled: true });

  /** The text that is published, or undefined when the kernel is to keep what it has. */
  const renew = async (): Promise<string | undefined> => {
    const { nodes, forget } = await recording.ask(t, status.inode, 'renewed');
    const [node] = nodes;
    // New content must reach who has the old one cached, and only new content.
    t.deepEqual(forget, node === undefined ? [] : [{ node: status.inode }]);
    if (node === undefined) return undefined;
    if (!('settled' in node && 'content' in node && 'bytes' in node.content)) throw new Error('no bytes');
    t.is(node.size, node.content.bytes.length);
    return Buffer.from(node.content.bytes).toString();
  };

  t.is(await renew(), 'first');
  text = 'second, and longer';
  for (const milliseconds of [0, 50, 99, 99]) {
    time += milliseconds;
    t.is(await renew(), undefined, 'the same reader goes on');
  }
  time += 100;
  t.is(await renew(), 'second, and longer');
  // Readers that follow one another without a pause do not keep it as it was for ever.
  text = 'third';
  const seen: (string | undefined)[] = [];
  for (let asked = 0; asked < 15; asked++) {
    time += 90;
    seen.push(await renew());
  }
  t.is(seen.indexOf('third'), 11);
});

test('another state of the tree replaces what has changed, and only that', async (t) => {
  const [stays, changes, goes, comes, next] = [file('1'), file('2'), file('3'), file('4'), file('5')];
  const inner = directory({ stays, changes, goes });
  const recording = new Recording(directory({ inner }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, inner.inode, 'settled');
  await recording.ask(t, inner.inode, 'names');
  const after = { ...directory({ stays, changes: next, comes }), inode: inner.inode };
  await recording.nodes.replaceRoot(asRoot(directory({ inner: after })));
  const { forget, answered } = recording.last();
  const names = forget.flatMap((each) => ('name' in each ? [each.name] : []));
  t.deepEqual(names.sort(), ['changes', 'comes', 'goes']);
  t.deepEqual(
    forget.flatMap((each) => ('node' in each ? [each.node] : [])),
    [inner.inode],
  );
  t.deepEqual(answered, []);
  t.like((await recording.ask(t, next.inode, 'settled')).nodes[0], { id: next.inode });
  t.like((await recording.ask(t, comes.inode, 'settled')).nodes[0], { id: comes.inode });
});

test('a tree that is as it was makes the kernel forget nothing', async (t) => {
  const children = { config: file('x'), build: directory({ a: file('') }) };
  const recording = new Recording(directory(children));
  await recording.ask(t, root, 'names');
  await recording.ask(t, children.build.inode, 'settled');
  await recording.ask(t, children.build.inode, 'names');
  await recording.nodes.replaceRoot(asRoot(directory(children)));
  t.deepEqual(recording.last().forget, []);
});

test('large directories of files go back to where nobody has looked; what was looked up stays', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, each) => [`f${each}`, file(`${each}`)]));
  const btf = directory(files);
  const recording = new Recording(directory({ btf }));
  await recording.ask(t, root, 'names');
  await recording.ask(t, btf.inode, 'settled');
  const listed = await recording.ask(t, btf.inode, 'names');
  const [looked = 0, other = 0] = [files['f1']?.inode, files['f2']?.inode];
  await recording.ask(t, looked, 'settled');

  recording.nodes.letGo(new Shelf());
  const { nodes } = recording.last();
  t.like(nodes[0], { id: btf.inode, kind: 'directory', settled: true });
  t.is(nodes[0] && 'names' in nodes[0] ? nodes[0].names : undefined, undefined);
  const gone = nodes.slice(1).map((node) => node.id);
  t.is(gone.length, 99);
  t.false(gone.includes(looked));

  // A request that was on its way meanwhile is still answered.
  t.like((await recording.ask(t, other, 'settled')).answered[0], { error: 0 });
  const again = await recording.ask(t, btf.inode, 'names');
  t.deepEqual(names(again.nodes[0]), names(listed.nodes[0]));
  const unsettled = again.nodes.slice(1).map((node) => node.id);
  t.is(unsettled.length, 98);
  t.false(unsettled.includes(looked));
});
