/* Modules and kernels that have DWARF and no BTF: pahole makes it, and the input stays as it is. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { corpusRelease } from './truth.ts';

const testDwarf = testWith(['corpus', 'addon', 'bpftool', 'tool:cc', 'tool:pahole', 'tool:xz']);

const source = `
struct device;
struct only_here { int number; struct { void *next, *previous; } list; };
int probe(struct only_here *here, struct device *device) { return here->number + !device; }
`;

/** A folder of modules: one with DWARF, plain and compressed. */
function modules(t: ExecutionContext): string {
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  const folder = join(path, 'modules', 'kernel');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(path, 'one.c'), source);
  execFileSync('cc', ['-g', '-O2', '-c', join(path, 'one.c'), '-o', join(folder, 'plain_one.ko')]);
  writeFileSync(join(folder, 'packed_one.ko.xz'), execFileSync('xz', ['-c', join(folder, 'plain_one.ko')]));
  return join(path, 'modules');
}

testDwarf('a module that has only DWARF gets BTF from pahole, and is not touched', async (t) => {
  const folder = modules(t);
  const file = join(folder, 'kernel', 'plain_one.ko');
  const before = readFileSync(file);
  const image = join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
  const tree = await openTree({ images: [image], modules: [folder], release: corpusRelease });
  t.teardown(tree.close);
  const btf = await tree.read(`${corpusRelease}/btf/plain_one`);
  t.deepEqual(await tree.read(`${corpusRelease}/btf/packed_one`), btf);
  t.deepEqual(readFileSync(file), before);

  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  const [base, split] = [join(path, 'base'), join(path, 'split')];
  writeFileSync(base, await tree.read(`${corpusRelease}/btf/vmlinux`));
  writeFileSync(split, btf);
  const dump = execFileSync('bpftool', ['btf', 'dump', 'file', split, '-B', base], { encoding: 'utf8' });
  t.regex(dump, /STRUCT 'only_here' size=24 vlen=2/);
  const made = await tree.catalogue.kernels.get(corpusRelease)?.moduleArtifact('btf', 'plain_one');
  if (made?.state !== 'ready') return t.fail('it was not made');
  t.true(made.provenance.derived);
  t.regex(made.provenance.steps.at(-1)?.name ?? '', /^DWARF, pahole \d+\.\d+$/);
  t.regex((await tree.read(`${corpusRelease}/modules.tsv`)).toString(), /^plain_one\t.*\tok\t/m);
  t.regex((await tree.read(`${corpusRelease}/types/plain_one.h`)).toString(), /struct only_here \{/);
});
