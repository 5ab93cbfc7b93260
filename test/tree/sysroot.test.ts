import type { Catalogue } from '../../src/artifact/catalogue.ts';
import type { DirectoryNode } from '../../src/tree/node.ts';
import { nodeAt } from '../../src/tree/path.ts';
import { rootDirectory } from '../../src/tree/root-directory.ts';
import { openTree } from '../open-tree.ts';
import { corpusRelease as release, corpusTruth } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';

const testCorpus = testWith(['corpus']);

/** The tree of the corpus as it is where that kernel runs. */
function asRunning(catalogue: Catalogue): DirectoryNode {
  return rootDirectory({ ...catalogue, running: release }, '/run/ikfs', () => '');
}

/** Every path below a directory, with where links lead. */
async function pathsBelow(directory: DirectoryNode, prefix = ''): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, kind } of await directory.list()) {
    const node = await directory.lookup(name);
    if (node?.kind !== kind)
      throw new Error(`${name} is listed as ${kind}, and is ${node?.kind ?? 'not there'}`);
    if (node.kind === 'directory') paths.push(...(await pathsBelow(node, `${prefix}${name}/`)));
    else paths.push(`${prefix}${name}${node.kind === 'link' ? ` -> ${node.target}` : ''}`);
  }
  return paths;
}

testCorpus('sysroot/ of the running kernel has what tools look for where they look for it', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  const root = asRunning(tree.catalogue);
  const sysroot = await nodeAt(root, 'sysroot');
  if (sysroot.kind !== 'directory') throw new Error('sysroot is no directory');
  t.deepEqual((await pathsBelow(sysroot)).sort(), [
    `boot/config-${release} -> ../../${release}/config`,
    `boot/vmlinux-${release} -> ../../${release}/vmlinux`,
    `lib/modules/${release}/build -> ../../../../${release}/build`,
    `lib/modules/${release}/config -> ../../../../${release}/config`,
    `lib/modules/${release}/source -> ../../../../${release}/build`,
    `lib/modules/${release}/vmlinux-${release} -> ../../../../${release}/vmlinux`,
    `proc/config.gz -> ../../${release}/config.gz`,
    `proc/kheaders.tar.xz -> ../../${release}/kheaders.tar.xz`,
    `proc/version -> ../../${release}/version`,
    `sys/kernel/btf -> ../../../${release}/btf`,
    `sys/kernel/kheaders.tar.xz -> ../../../${release}/kheaders.tar.xz`,
  ]);
  const truth = corpusTruth();
  const artifacts = {
    'proc/config.gz': 'config.gz',
    'sys/kernel/kheaders.tar.xz': 'kheaders.tar.xz',
    'sys/kernel/btf/vmlinux': 'btf/vmlinux',
    'sys/kernel/btf/xfs': 'btf/xfs',
    [`boot/config-${release}`]: 'config',
    [`lib/modules/${release}/build/.config`]: 'config',
  };
  for (const [path, artifact] of Object.entries(artifacts)) {
    const node = await nodeAt(root, `sysroot/${path}`);
    t.is(node.kind === 'file' ? await node.size() : undefined, truth[artifact]?.bytes, path);
  }
  await t.throwsAsync(nodeAt(root, 'sysroot/proc/nothing'), { code: 'not-found' });
});

testCorpus('without a header archive, the path of headers leads to those made from BTF', async (t) => {
  const tree = await openTree({ images: [`${corpusRoot()}/boot/vmlinuz-${release}`] });
  t.teardown(tree.close);
  const folder = `sysroot/lib/modules/${release}`;
  t.true((await tree.names(folder)).includes('build'));
  for (const name of ['build', 'source']) {
    const header = await nodeAt(tree.root, `${folder}/${name}/include/linux/kconfig.h`);
    const own = await nodeAt(tree.root, `${release}/bpf-headers/include/linux/kconfig.h`);
    t.is(header.inode, own.inode);
  }
});

testCorpus('paths that name no release are there only for the running kernel', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  t.deepEqual(await tree.names('sysroot'), ['boot', 'lib']);
});

testCorpus('what a kernel does not have is not in its sysroot/ either', async (t) => {
  const tree = await openTree({ configs: [`${corpusRoot()}/boot/config-${release}`], release });
  t.teardown(tree.close);
  t.deepEqual(await tree.names('sysroot'), ['boot', 'lib']);
  t.deepEqual(await tree.names(`sysroot/lib/modules/${release}`), ['config']);
});
