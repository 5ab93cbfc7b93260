/*
 * Every type in bpf-headers/, as clang lays it out, is that of BTF as bpftool reads it: sizes, offsets, widths and types of
 * members, constants. Of real kernels with their modules, and of C for other machines, 32-bit and big-endian ones.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { machineOf } from '../../src/bpf-headers/machine.ts';
import { headerNames } from '../../src/bpf-headers/names.ts';
import { Btf } from '../../src/btf/engine.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Shapes } from '../real/btf-shapes.ts';
import { machines, makeBtf, source } from '../real/foreign-btf.ts';
import { corpusRoot, debianRoot, testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { compiledShapes, headersOf } from './compiled-shapes.ts';
import { madeTree } from './made-tree.ts';

const tools = ['addon', 'bpftool', 'tool:clang', 'tool:pahole'] as const;

/** Programs bring its types themselves: other headers mention them by names of their own, and its enums as numbers. */
const brought = 'include/uapi/linux/bpf.h';

/** A `va_list` is the compiler's own. */
const isCompilersOwn = (line: string): boolean => line.startsWith('typedef __builtin_va_list =');

/** Of a line of Shapes: a member that has a width. */
const hasBitField = /[{ ]\d+:[1-9]/;

async function checkKernel(t: ExecutionContext, sysroot: string, least: number): Promise<void> {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  const { release, headers, btf, config } = await madeTree(sysroot, path);
  const machine = machineOf(config) ?? '';
  const enums = new Set(headerNames(release)?.declares(brought).tags);
  const asNumbers = (line: string): string =>
    line.replace(/\benum (\w+)/g, (whole, name: string) => (enums.has(name) ? '(none)32' : whole));
  const truth = new Shapes(btf).lines();
  const known = new Set([...truth, ...truth.map(asNumbers)]);

  const all = headersOf(headers, machine);
  const others = all.filter((header) => header !== brought);
  const on = { machine, target: 'bpfel' };
  const found = compiledShapes(headers, on, others, join(path, 'all'))
    .filter((line) => !isCompilersOwn(line))
    .map((line) => line.replace(/\bikfs_(?=\w)/g, ''));
  const wrong = found.filter((line) => !known.has(line));
  t.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${found.length} are wrong`);
  const bodies = found.filter((line) => /^(struct|union) /.test(line));
  t.true(bodies.length > least, `only ${bodies.length} structs and unions`);
  t.true(bodies.filter((line) => hasBitField.test(line)).length > 200);

  const own = compiledShapes(headers, on, [brought], join(path, 'brought'));
  t.true(own.some((line) => line.startsWith('struct bpf_insn = ')));
  t.deepEqual(
    own.filter((line) => !truth.includes(line)),
    [],
  );
  t.log(`${found.length} types, ${bodies.length} structs and unions, of ${all.length} headers`);
}

for (const [name, needs, root, least] of [
  ['the corpus kernel', ['corpus'], corpusRoot, 3500],
  ['Debian 6.1-cloud', ['debian'], () => debianRoot('6.1-cloud'), 6000],
  ['Debian 6.12-cloud', ['debian'], () => debianRoot('6.12-cloud'), 6500],
  ['Debian 6.12 of arm64', ['debian-foreign'], () => debianRoot('6.12-arm64'), 10_000],
] as const satisfies readonly (readonly [string, readonly Need[], () => string, number])[]) {
  testWith([...tools, ...needs]).serial(`bpf-headers/ of ${name}: every type is laid out as in BTF`, (t) =>
    checkKernel(t, root(), least),
  );
}

/** The lines of a plan for one header that declares all types of BTF that have names. */
function planOfAll(header: string, shapes: Shapes): string {
  const lines = [`H ${header}`];
  for (const line of shapes.lines()) {
    const [word = '', name = ''] = line.split(' ', 2);
    lines.push(`${word === 'typedef' ? 'D' : 'S'} ${name}`);
  }
  return `${lines.join('\n')}\n`;
}

for (const { target, bigEndian, bits } of machines) {
  for (const name of ['types.c', 'misaligned.c']) {
    const what = `${target}, ${bigEndian ? 'big' : 'little'}-endian, ${bits} bits`;
    testWith([...tools, 'tool:llvm-objcopy'])(
      `${what}: types of ${name} are laid out as in BTF`,
      async (t) => {
        const { path, remove } = temporaryFolder();
        t.teardown(remove);
        const btf = makeBtf(target, source(name), (file) => join(path, file));
        const truth = new Shapes(btf);
        const header = 'include/linux/types.h';
        const opened = await Btf.open(new MemorySource(btf, readFileSync(btf)));
        const made = await opened.bpfHeaders(planOfAll(header, truth), 1 << 20);
        let at = 0;
        made.paths.forEach((file, index) => {
          const end = at + (made.sizes[index] ?? 0);
          mkdirSync(dirname(join(path, file)), { recursive: true });
          writeFileSync(join(path, file), made.bytes.subarray(at, end));
          at = end;
        });
        t.is(made.opaque, 0);
        const found = compiledShapes(path, { machine: 'any', target }, [header], join(path, 'again'));
        const compared = truth.lines().filter((line) => !isCompilersOwn(line));
        t.deepEqual(
          compared.filter((line) => !found.includes(line)),
          [],
        );
        t.true(compared.length > 2);
      },
    );
  }
}
