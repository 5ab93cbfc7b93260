/* Verdicts on modules of a made-up kernel, and what is served of them. */
import type { ExecutionContext } from 'ava';
import { IkfsError } from '../../src/errors.ts';
import { buildBtf, intType } from '../format/btf-builder.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { btfSection, moduleFile, vmlinux, writeFiles } from '../synthetic-kernel.ts';

const release = '6.6.1-test';
const testAddon = testWith(['addon']);

/** Types of three words: a name's offset, the kind with what belongs to it, a size or what it refers to. */
function types(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => bytes.writeUInt32LE(word >>> 0, at * 4));
  return bytes;
}

const [pointer, structure] = [2 << 24, 4 << 24];

/** A kernel whose BTF has `int` (1), and `struct two` (2) of eight bytes. */
const kernelBtf = buildBtf({
  types: Buffer.concat([intType('little'), types(5, structure, 8)]),
  strings: '\0int\0two\0',
});

async function systemOf(t: ExecutionContext, modules: Readonly<Record<string, Buffer>>): Promise<OpenedTree> {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const files = Object.entries(modules).map(([name, bytes]) => [
    `lib/modules/${release}/kernel/${name}.ko`,
    bytes,
  ]);
  writeFiles(folder.path, {
    'boot/vmlinux': vmlinux({ release, btf: kernelBtf }),
    ...(Object.fromEntries(files) as Record<string, Buffer>),
  });
  const tree = await openTree({ sysroot: folder.path });
  t.teardown(tree.close);
  return tree;
}

const splitOn = (...words: readonly number[]): Buffer =>
  buildBtf({ types: types(...words), strings: '\0mine\0' });

testAddon('BTF that does not go with the kernel is a mismatch, and nothing is made of it', async (t) => {
  const tree = await systemOf(t, {
    good: moduleFile('good', release, [btfSection(splitOn(0, pointer, 2))]),
    astray: moduleFile('astray', release, [btfSection(splitOn(0, pointer, 99))]),
  });
  const table = (await tree.read(`${release}/modules.tsv`)).toString();
  t.regex(table, /^good\t\S+\tok\t\d+\t\d\d+\t$/m);
  t.regex(table, /^astray\t\S+\tmismatch\t\d+\t0\t.*type 3 \(PTR.*99.*$/m);
  for (const path of ['types/astray.h', 'btf-flat/astray']) {
    const error = await t.throwsAsync(tree.read(`${release}/${path}`), { instanceOf: IkfsError });
    t.is(error.code, 'mismatch', path);
  }
  t.true((await tree.read(`${release}/btf-flat/good`)).length > 0);
  // The section itself is there for whoever wants to look at it.
  t.true((await tree.read(`${release}/btf/astray`)).length > 0);
});

testAddon('a distilled base is relocated onto the kernel, and refused where it does not fit', async (t) => {
  const distilled = (size: number): Buffer =>
    buildBtf({ types: types(1, structure, size), strings: '\0two\0' });
  const split = splitOn(0, pointer, 1);
  const module = (name: string, base: Buffer): Buffer =>
    moduleFile(name, release, [btfSection(split), { name: '.BTF.base', content: base }]);
  const embedding = buildBtf({ types: types(0, (structure | 1) >>> 0, 8, 0, 1, 0), strings: '\0mine\0' });
  const tree = await systemOf(t, {
    fits: module('fits', distilled(8)),
    larger: moduleFile('larger', release, [
      btfSection(embedding),
      { name: '.BTF.base', content: distilled(16) },
    ]),
  });
  // The pointer refers to the kernel's struct, which is its second type.
  const relocated = await tree.read(`${release}/btf/fits`);
  t.is(relocated.readUInt32LE(24 + 8), 2);
  const table = (await tree.read(`${release}/modules.tsv`)).toString();
  t.regex(table, /^fits\t\S+\trelocated\t\d+\t\d\d+\t$/m);
  t.regex(table, /^larger\t\S+\tmismatch\t0\t0\t.*two.*$/m);
  const error = await t.throwsAsync(tree.read(`${release}/btf/larger`), { instanceOf: IkfsError });
  t.is(error.code, 'mismatch');
});
