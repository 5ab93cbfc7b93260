/* Types of the corpus kernel: flat BTF and C, against bpftool, clang and the truth files. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { shapesIn } from './raw-dump.ts';
import { corpusRelease } from './truth.ts';

const needs = ['corpus', 'addon'] as const;
const testTypes = testWith(needs);
const testBpftool = testWith([...needs, 'bpftool']);
const testClang = testWith([...needs, 'tool:clang']);

async function opened(t: ExecutionContext): Promise<OpenedTree> {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  return tree;
}

function scratch(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return path;
}

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'pipe'] });

/** The text of a file of the corpus' truth. */
const truth = (name: string): string => run('xz', ['-dc', join(corpusRoot(), 'truth', name)]);

/** What bpftool 7.1 leaves out: that an enumeration takes one byte and no more, as BTF says of it. */
const enumerationWidth = / __attribute__\(\(mode\(byte\)\)\)/g;

/** The text of a header of types as bpftool 7.1 would write it. */
async function asBpftool(tree: OpenedTree, name: string): Promise<string> {
  return (await tree.read(`${corpusRelease}/types/${name}`)).toString().replaceAll(enumerationWidth, '');
}

/** Lines that a text has more often than another. */
function moreIn(text: string, other: string): string[] {
  const counts = new Map<string, number>();
  for (const line of other.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return text.split('\n').filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
}

testTypes('types/vmlinux.h is what bpftool writes, but for what BTF says otherwise', async (t) => {
  const tree = await opened(t);
  const [ours, theirs] = [await asBpftool(tree, 'vmlinux.h'), truth('vmlinux.h.xz')];
  t.deepEqual(moreIn(ours, theirs), [
    // struct virtio_scsi_cmd: a union of packed structs of 51 bytes, which bpftool lets grow to 56.
    '\t} __attribute__((packed)) req;',
    // struct warn_args: the va_list of clang -target bpf is not the kernel's.
    '\tstruct __va_list_tag args[1];',
    // The end of struct virtio_scsi_cmd.
    '\tchar: 8;',
  ]);
  t.deepEqual(moreIn(theirs, ours), ['\t} req;', '\tva_list args;']);
  t.true((await tree.names(corpusRelease)).includes('vmlinux.h'));
});

testTypes('types/<module>.h has what bpftool adds to vmlinux.h for that module', async (t) => {
  const tree = await opened(t);
  for (const file of readdirSync(join(corpusRoot(), 'truth', 'include'))) {
    const added = truth(join('include', file))
      .split('\n')
      .filter((line) => line.startsWith('> ') || line === '>')
      .map((line) => line.slice(2))
      .join('\n');
    const module = file.replace('.diff.xz', '').replaceAll('-', '_');
    t.true((await asBpftool(tree, `${module}.h`)).includes(added.trim()), module);
  }
});

testClang('every types/<module>.h compiles after vmlinux.h', async (t) => {
  const tree = await opened(t);
  const folder = scratch(t);
  mkdirSync(join(folder, 'types'));
  const names = await tree.names(`${corpusRelease}/types`);
  for (const name of names)
    writeFileSync(join(folder, 'types', name), await tree.read(`${corpusRelease}/types/${name}`));
  for (const name of names.filter((each) => each !== 'vmlinux.h')) {
    const source = join(folder, 'one.c');
    writeFileSync(source, `#include "vmlinux.h"\n#include "${name}"\n`);
    t.notThrows(
      () => run('clang', ['-target', 'bpf', '-fsyntax-only', '-w', '-I', join(folder, 'types'), source]),
      name,
    );
  }
  t.is(names.length, 143);
});

testBpftool('btf-flat/<module> needs no base and has every type of the module as it was', async (t) => {
  const tree = await opened(t);
  const folder = scratch(t);
  const [base, split, flat] = ['vmlinux', 'split', 'flat'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(base, await tree.read(`${corpusRelease}/btf/vmlinux`));
  const names = (await tree.names(`${corpusRelease}/btf-flat`)).filter((name) => name !== 'all');
  t.is(names.length, 142);
  for (const name of names) {
    const bytes = await tree.read(`${corpusRelease}/btf-flat/${name}`);
    writeFileSync(split, await tree.read(`${corpusRelease}/btf/${name}`));
    writeFileSync(flat, bytes);
    const of = (args: readonly string[]): Set<string> =>
      shapesIn(run('bpftool', ['btf', 'dump', 'file', ...args, 'format', 'raw']));
    const flatShapes = of([flat]);
    const missing = [...of(['-B', base, split])].filter((shape) => !flatShapes.has(shape));
    t.deepEqual(missing.slice(0, 3), [], name);
  }
  t.true(readFileSync(flat).length > 0);
});

testBpftool('btf-flat/all has the types of the kernel and of all modules', async (t) => {
  const tree = await opened(t);
  const all = join(scratch(t), 'all');
  writeFileSync(all, await tree.read(`${corpusRelease}/btf-flat/all`));
  const dump = run('bpftool', ['btf', 'dump', 'file', all, 'format', 'raw']);
  for (const name of ['task_struct', 'xfs_mount', 'btrfs_root', 'kvm_vcpu']) {
    t.regex(dump, new RegExp(`STRUCT '${name}' size=[1-9]`), name);
  }
});
