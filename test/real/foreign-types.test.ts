/*
 * BTF of other machines, big-endian and 32-bit ones, made by clang and pahole of types.c: read, flattened and written
 * as C. The C is compiled for the machine, and what pahole makes of that must be what bpftool reads in the BTF that
 * it was written from: sizes, bit offsets, widths, types. The same is done with real kernels.
 */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Btf } from '../../src/btf/engine.ts';
import { FileSink } from '../../src/bytes/byte-sink.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import { Shapes } from './btf-shapes.ts';
import { compile, encode, machines, makeBtf, run, source } from './foreign-btf.ts';
import type { Place } from './foreign-btf.ts';

const tools = ['addon', 'bpftool', 'tool:clang', 'tool:pahole'] as const;
const testForeign = testWith([...tools, 'tool:llvm-objcopy']);

/** Of a line of Shapes: whether a member has a width. */
const hasBitField = /[{ ]\d+:[1-9]/;

/** Writes text to a file. @returns its path */
function write(path: string, text: string): string {
  writeFileSync(path, text);
  return path;
}

/** Opens BTF as ikfs does. */
async function open(path: string, base?: Btf): Promise<Btf> {
  const file = FileSource.open(path);
  try {
    return await Btf.open(file, base);
  } finally {
    file.close();
  }
}

/** Lets work write to a file. */
async function into(path: string, work: (sink: FileSink) => Promise<void>): Promise<void> {
  const descriptor = openSync(path, 'w');
  try {
    await work(new FileSink(descriptor, 2 ** 28));
  } finally {
    closeSync(descriptor);
  }
}

/** Lines of one list that another has not. */
function missingIn(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}

function scratch(t: ExecutionContext): Place {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  return (name) => join(path, name);
}

/** The types that C has for a machine: compiled, made BTF, and read by bpftool. */
function shapesOfC(target: string, program: string): string[] {
  const [object, btf] = [`${program}.o`, `${program}.btf`];
  compile(target, program, object);
  encode(object, btf);
  return new Shapes(btf).lines();
}

/** Checks that the header written from BTF gives its types to who includes it on that machine. */
async function checkHeader(t: ExecutionContext, target: string, btf: string, place: Place): Promise<void> {
  const opened = await open(btf);
  await into(place('vmlinux.h'), (sink) => opened.writeHeader('all', sink));
  const truth = new Shapes(btf);
  const assertions = truth.assertions();
  t.true(assertions.length > 0);
  const program = write(place('again.c'), `#include "vmlinux.h"\n${assertions.join('\n')}\n`);
  t.deepEqual(missingIn(truth.lines(), shapesOfC(target, program)), []);
}

/** Lines in which what ikfs writes differs from what bpftool does. */
function unlikeBpftool(header: string, btf: string): string[] {
  const theirs = run('bpftool', ['btf', 'dump', 'file', btf, 'format', 'c']).split('\n');
  return missingIn(readFileSync(header, 'utf8').split('\n'), theirs);
}

for (const { target, bigEndian, bits } of machines) {
  const what = `${target}, ${bigEndian ? 'big' : 'little'}-endian, ${bits} bits`;
  const magic = bigEndian ? 0xeb : 0x9f;

  testForeign(`${what}: BTF comes back from flat BTF and from C as it was`, async (t) => {
    const place = scratch(t);
    const btf = makeBtf(target, source('types.c'), place);
    t.is(readFileSync(btf)[0], magic);
    const opened = await open(btf);
    await t.notThrowsAsync(opened.validate());
    const truth = new Shapes(btf).lines();
    t.true(truth.length > 30);
    t.true(truth.filter((line) => hasBitField.test(line)).length > 5);

    await into(place('flat'), (sink) => opened.flatten(sink));
    t.deepEqual(new Shapes(place('flat')).lines().sort(), truth.sort());
    t.is(readFileSync(place('flat'))[0], magic);

    await checkHeader(t, target, btf, place);
    // What bpftool 7.1 leaves out: sizes of enumerations, and that a union is packed. Of 32-bit machines it takes all for
    // i386, where 8 bytes are aligned like 4: what is right for arm as well is packed, with its padding written out.
    const differs =
      bits === 32
        ? /^(} __attribute__\(\((mode\(\w+\)|packed)\)\);|\tlong: 0;)$/
        : /^} __attribute__\(\((mode\(\w+\)|packed)\)\);$/;
    for (const line of unlikeBpftool(place('vmlinux.h'), btf)) t.regex(line, differs);
    // It is C for programs too. Where pointers have 4 bytes, only CO-RE finds the members.
    t.notThrows(() => run('clang', ['-target', 'bpf', '-fsyntax-only', '-w', place('vmlinux.h')]));
  });

  testForeign(`${what}: split BTF is read with its base`, async (t) => {
    const place = scratch(t);
    const base = makeBtf(target, source('types.c'), place);
    const [object, split] = [place('module.o'), place('module.btf')];
    compile(target, source('module.c'), object);
    encode(object, split, base);
    const kernel = await open(base);
    const module = await open(split, kernel);
    await t.notThrowsAsync(module.validate());
    t.true(module.types < kernel.types);
    const own = new Shapes(split, base).lines();
    t.is(own.filter((line) => /^(struct|enum) module_/.test(line)).length, 3);

    await into(place('flat'), (sink) => module.flatten(sink));
    t.deepEqual(missingIn(own, new Shapes(place('flat')).lines()), []);

    await into(place('vmlinux.h'), (sink) => kernel.writeHeader('all', sink));
    await into(place('module.h'), (sink) => module.writeHeader('own', sink));
    const program = write(place('again.c'), '#include "module.h"\n');
    t.deepEqual(missingIn(own, shapesOfC(target, program)), []);
  });

  testForeign(`${what}: C keeps numbers of 64 bits at multiples of 4 bytes`, async (t) => {
    const place = scratch(t);
    await checkHeader(t, target, makeBtf(target, source('misaligned.c'), place), place);
  });
}

/** Types of kernels that C can not have: programs' `va_list` is a pointer, x86-64's an array. */
const notInC = /^typedef __builtin_va_list =|^struct warn_args = .*typedef va_list/;

for (const [name, need, root] of [
  ['the corpus kernel', 'corpus', corpusRoot],
  ['Debian 6.1', 'debian', () => debianRoot('6.1')],
  ['Debian 6.12-cloud', 'debian', () => debianRoot('6.12-cloud')],
  ['Debian 6.1 of arm64', 'debian-foreign', () => debianRoot('6.1-arm64')],
] as const) {
  testWith([...tools, need])(
    `every type of ${name} comes back from C as it was, bit fields too`,
    async (t) => {
      const place = scratch(t);
      const tree = await openTree({ sysroot: root() });
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      writeFileSync(place('btf'), await tree.read(`${release}/btf/vmlinux`));
      writeFileSync(place('vmlinux.h'), await tree.read(`${release}/types/vmlinux.h`));
      const truth = new Shapes(place('btf')).lines();
      t.true(truth.length > 5000);
      t.true(truth.filter((line) => hasBitField.test(line)).length > 200);
      const program = write(place('again.c'), '#include "vmlinux.h"\n');
      const missing = missingIn(truth, shapesOfC('bpf', program)).filter((line) => !notInC.test(line));
      t.deepEqual(missing.slice(0, 5), [], `${missing.length} of ${truth.length}`);
      t.log(`${truth.length} types`);
    },
  );
}
