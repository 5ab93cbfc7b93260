import { join } from 'node:path';
import type { Node } from '../../src/tree/node.ts';
import { nodeAt } from '../../src/tree/path.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { corpusHeaderChecksums, corpusRelease, corpusTruth, sha256 } from './truth.ts';

const needs = ['corpus'] as const;

testWith(needs)('every artifact of the corpus kernel equals what the kernel itself serves', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  for (const [name, { sha256: expected, bytes }] of Object.entries(corpusTruth())) {
    const content = await tree.read(`${corpusRelease}/${name}`);
    t.is(content.length, bytes, name);
    t.is(sha256(content), expected, name);
  }
});

testWith(needs)('btf/ lists every module with BTF and the kernel, and nothing else', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  const expected = Object.keys(corpusTruth())
    .filter((name) => name.startsWith('btf/'))
    .map((name) => name.slice('btf/'.length));
  t.deepEqual((await tree.names(`${corpusRelease}/btf`)).sort(), expected.sort());
});

testWith([...needs, 'tool:xz'])(
  'build/ has the files and links of the archive, links to its companions, and no others',
  async (t) => {
    const tree = await openTree({ sysroot: corpusRoot() });
    t.teardown(tree.close);
    const found = new Map<string, string>();
    const links: string[] = [];
    await walk(await nodeAt(tree.root, `${corpusRelease}/build`), '', async (path, node) => {
      if (node.kind === 'link') links.push(path);
      if (node.kind === 'file') found.set(path, sha256(await tree.read(`${corpusRelease}/build/${path}`)));
    });
    t.deepEqual(new Map([...found].sort()), new Map([...corpusHeaderChecksums()].sort()));
    t.is(links.length, 3 + 6);
  },
);

testWith(needs)(
  'version, compiler and modules.tsv tell what built the kernel and what its modules have',
  async (t) => {
    const tree = await openTree({ sysroot: corpusRoot() });
    t.teardown(tree.close);
    t.regex(
      (await tree.read(`${corpusRelease}/version`)).toString(),
      /^Linux version 6\.1\.192-ik \(.*\) #1 SMP .*\n$/,
    );
    t.regex((await tree.read(`${corpusRelease}/compiler`)).toString(), /^gcc \(Debian 12\.2\.0-14/);
    const rows = (await tree.read(`${corpusRelease}/modules.tsv`)).toString().split('\n').slice(0, -1);
    t.is(rows.length, 143);
    const truth = corpusTruth();
    for (const row of rows.slice(1)) {
      const [name, path, verdict, size, flatSize, reason] = row.split('\t');
      t.is(verdict, 'ok', path);
      t.is(size, String(truth[`btf/${name ?? ''}`]?.bytes), name);
      t.true(Number(flatSize) > Number(size), name);
      t.is(reason, '');
    }
  },
);

testWith(needs)('nothing disagrees about the release, and the running kernel is not mixed in', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  await tree.read(`${corpusRelease}/modules.tsv`);
  await tree.names(`${corpusRelease}/build`);
  t.deepEqual([...tree.catalogue.kernels.keys()], [corpusRelease]);
  t.deepEqual(tree.catalogue.kernels.get(corpusRelease)?.findings.list(), []);
});

testWith(needs)('a second mount of the same inputs makes nothing and reads no image', async (t) => {
  const store = temporaryFolder();
  t.teardown(store.remove);
  const everything = async (): Promise<{ made: number; bytes: number }> => {
    const tree = await openTree({ sysroot: corpusRoot() }, { store: store.path });
    for (const name of ['config', 'config.gz', 'kheaders.tar.xz', 'btf/vmlinux', 'vmlinux', 'version']) {
      await tree.read(`${corpusRelease}/${name}`);
    }
    await tree.read(`${corpusRelease}/build/include/linux/kconfig.h`);
    const { made, reads } = tree.workshop;
    tree.close();
    return { made: made.artifacts, bytes: reads.bytes };
  };
  const first = await everything();
  const second = await everything();
  t.true(first.made > 0);
  t.is(second.made, 0);
  // What remains are the heads of files, read to know what they are.
  t.true(second.bytes < 200_000, `${second.bytes} bytes were read`);
});

testWith(needs)('the same image given by hand has the same artifacts', async (t) => {
  const tree = await openTree({ images: [join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`)] });
  t.teardown(tree.close);
  const truth = corpusTruth();
  for (const name of ['btf/vmlinux', 'config', 'config.gz']) {
    t.is(sha256(await tree.read(`${corpusRelease}/${name}`)), truth[name]?.sha256 ?? '', name);
  }
  t.deepEqual(await tree.names(''), ['README', 'status.json', 'sysroot', corpusRelease]);
});

/** Visits every node below a directory. */
async function walk(
  node: Node,
  path: string,
  visit: (path: string, node: Node) => Promise<void>,
): Promise<void> {
  if (node.kind !== 'directory') return;
  for (const { name } of await node.list()) {
    const child = await node.lookup(name);
    if (!child) throw new Error(`${path}/${name} is listed and not there`);
    const childPath = path === '' ? name : `${path}/${name}`;
    await visit(childPath, child);
    await walk(child, childPath, visit);
  }
}
