import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { nodeAt } from '../../src/tree/path.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { headerArchive, headerFiles } from '../synthetic-kernel.ts';

const needs = ['tool:tar', 'tool:xz', 'tool:make'] as const;
const release = '6.6.1-test';
const kbuild = { Makefile: 'modules:\n', 'scripts/Makefile.build': '' };

async function treeOf(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  kernel = release,
): Promise<OpenedTree> {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const archive = join(folder.path, 'kheaders.tar.xz');
  writeFileSync(archive, headerArchive({ ...headerFiles(kernel), ...files }));
  const tree = await openTree({ headers: [archive], release: kernel });
  t.teardown(tree.close);
  return tree;
}

testWith(needs)('headers alone come with an answer for make, and with nothing called Makefile', async (t) => {
  const tree = await treeOf(t, {});
  const names = await tree.names(`${release}/build`);
  t.true(names.includes('GNUmakefile'));
  t.false(names.includes('Makefile'));
  t.true((await tree.names(release)).includes('headers-only.mk'));
  const makefile = await tree.read(`${release}/build/GNUmakefile`);
  const made = spawnSync('make', ['-f', '-', 'modules'], { input: makefile, encoding: 'utf8' });
  t.is(made.status, 2);
  t.is(made.stdout, '');
  t.regex(
    made.stderr,
    /headers only: the header archive of 6\.6\.1-test has no Makefile and no scripts\/Makefile\.build/,
  );
});

testWith(needs)('a half of kbuild is none', async (t) => {
  const tree = await treeOf(t, { Makefile: 'modules:\n' });
  t.regex((await tree.read(`${release}/build/GNUmakefile`)).toString(), /has no scripts\/Makefile\.build,/);
  t.is((await tree.read(`${release}/build/Makefile`)).toString(), 'modules:\n');
});

testWith(needs)('an archive with kbuild is left alone', async (t) => {
  const tree = await treeOf(t, kbuild);
  t.deepEqual(await tree.names(`${release}/build`), [
    '.config',
    'Makefile',
    'Module.symvers',
    'include',
    'scripts',
  ]);
  t.false((await tree.names(release)).includes('headers-only.mk'));
  await t.throwsAsync(tree.read(`${release}/headers-only.mk`), { code: 'not-found' });
});

testWith(needs)('vmlinux is beside kbuild only with the program that kbuild then runs', async (t) => {
  const tree = await treeOf(t, { ...kbuild, 'tools/bpf/resolve_btfids/resolve_btfids': '#!/bin/sh\n' });
  const node = await nodeAt(tree.root, `${release}/build`);
  t.is(node.kind === 'directory' && (await node.lookup('vmlinux'))?.kind, 'link');
});

testWith(needs)('what means something to make in a release is taken as it is', async (t) => {
  const strange = '6.6.1-$(MAKE)(#x';
  const tree = await treeOf(t, {}, strange);
  const makefile = await tree.read(`${strange}/headers-only.mk`);
  const made = spawnSync('make', ['-f', '-'], { input: makefile, encoding: 'utf8' });
  t.true(made.stderr.includes(`the header archive of ${strange} has no Makefile`), made.stderr);
});
