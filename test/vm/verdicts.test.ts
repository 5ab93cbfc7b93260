/* What ikfs says of modules and their BTF, beside what the corpus' kernel makes of them. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Btf } from '../../src/btf/engine.ts';
import { MemorySource } from '../../src/bytes/byte-source.ts';
import { parseBtfHeader } from '../../src/format/btf.ts';
import { moduleNameOf } from '../../src/format/module-name.ts';
import { ikfs } from '../mount/daemon.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { corpusRelease, sha256 } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { withHalfTheStrings, withLastReference, withReferencesMoved } from './altered-btf.ts';
import { askKernel, writeCarriers } from './asking-the-kernel.ts';
import { btfCases } from './btf-cases.ts';
import type { BtfCase } from './btf-cases.ts';
import { machineNeeds, runInMachine } from './machine.ts';
import type { Ground } from './split-btf.ts';

// One machine at a time: each takes all of a small host.
const testInMachine = testWith([...machineNeeds, 'addon']).serial;
const testWithObjcopy = testWith([...machineNeeds, 'addon', 'tool:objcopy']).serial;

testInMachine('btf/ of every module that can be loaded is what the kernel shows of it', async (t) => {
  const modules = modulesInOrder();
  const { output } = await runInMachine(`
    cd /lib/modules/${corpusRelease}
    load() { [ -e "/sys/module/$1" ] || insmod "$2" $3 || echo "refused $1"; }
    ${modules.map(({ name, path }) => `load ${name} ${path} ${loadingOptions[name] ?? ''}`).join('\n')}
    (cd /sys/kernel/btf && sha256sum *)
    dmesg | grep 'failed to validate'`);
  const shown = new Map(
    [...output.matchAll(/^([0-9a-f]{64}) +(\S+)$/gm)].map(([, sum = '', name = '']) => [name, sum]),
  );
  const refused = [...output.matchAll(/^refused (\S+)$/gm)].map(([, name = '']) => name);
  t.log(`${modules.length - refused.length} of ${modules.length} modules; not ${refused.join(', ')}`);
  t.notRegex(output, /failed to validate/);
  t.deepEqual([...refused, ...shown.keys()].sort(), [...modules.map(({ name }) => name), 'vmlinux'].sort());
  // Such as want hardware that the machine has not.
  t.true(refused.length <= 6, refused.join(', '));

  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  for (const [name, sum] of shown) t.is(sha256(await btfOf(tree, name)), sum, name);
});

testWithObjcopy('a verdict on BTF is what the kernel says of it', async (t) => {
  const corpus = await openTree({ sysroot: corpusRoot() });
  t.teardown(corpus.close);
  const base = new MemorySource('vmlinux', await btfOf(corpus, 'vmlinux'));
  const ground = {
    types: (await Btf.open(base)).types + 1,
    strings: parseBtfHeader(base).strings.size,
  };
  const cases = new Map(
    [...btfCases(ground), ...(await alteredCases(corpus, ground))].map((each, index) => [
      `case${index}`,
      each,
    ]),
  );
  const candidates = new Map([...cases].map(([name, { btf }]) => [name, btf]));
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const carriers = join(folder.path, corpusRelease);
  writeCarriers(carriers, candidates);

  const image = join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`);
  const tree = await openTree({ images: [image], modules: [carriers] });
  t.teardown(tree.close);
  const rows = (await tree.catalogue.kernels.get(corpusRelease)?.moduleRows()) ?? [];
  const byIkfs = new Map(rows.map(({ name, verdict }) => [name, verdict === 'ok']));
  const byKernel = await askKernel(carriers, candidates);

  const expected = [...cases.values()].map(({ title, takers }) => `${title}: ${takers}`);
  const found = [...cases].map(([name, { title }]) => {
    const takes = byKernel.get(name) === 'taken';
    const both = takes === byIkfs.get(name);
    return `${title}: ${both ? (takes ? 'both' : 'neither') : takes ? 'kernel' : 'ikfs'}`;
  });
  t.deepEqual(found, expected);
});

testInMachine('under its own kernel, ikfs finds that every module goes with it', async (t) => {
  const { output, complaints } = await runInMachine(`'${process.execPath}' '${ikfs}' modules --json`);
  t.is(complaints, '');
  const { release, modules } = JSON.parse(output) as {
    readonly release: string;
    readonly modules: readonly { readonly name: string; readonly verdict: string; readonly reason: string }[];
  };
  t.is(release, corpusRelease);
  t.deepEqual(
    modules.map(({ name, verdict, reason }) => [name, verdict, reason]),
    modulesInOrder()
      .map(({ name }) => [name, 'ok', ''])
      .sort(),
  );
});

function btfOf(tree: OpenedTree, name: string): Promise<Buffer> {
  return tree.read(`${corpusRelease}/btf/${name}`);
}

/** Options of modules that take minutes to load without. */
const loadingOptions: Readonly<Record<string, string>> = { test_bpf: 'test_id=0' };

/** All modules of the corpus, each behind those that it needs: modules.dep(5). */
function modulesInOrder(): { readonly name: string; readonly path: string }[] {
  const file = join(corpusRoot(), 'lib', 'modules', corpusRelease, 'modules.dep');
  const needs = new Map(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':'))
      .map(([path = '', others = '']) => [path, others.split(' ').filter((other) => other !== '')]),
  );
  const paths = new Set<string>();
  const add = (path: string): void => {
    if (paths.has(path)) return;
    needs.get(path)?.forEach(add);
    paths.add(path);
  };
  [...needs.keys()].forEach(add);
  return [...paths].map((path) => ({ name: moduleNameOf(basename(path)), path }));
}

/** The BTF of real modules, as pahole made it and as if it were of another kernel or damaged. */
async function alteredCases(tree: OpenedTree, { types, strings }: Ground): Promise<BtfCase[]> {
  const cases: BtfCase[] = [];
  for (const name of ['xt_limit', 'mii', 'zsmalloc']) {
    const btf = await btfOf(tree, name);
    const add = (title: string, takers: BtfCase['takers'], altered: Buffer): void => {
      cases.push({ title: `${name}: ${title}`, takers, btf: altered });
    };
    add('as it is', 'both', btf);
    add('a type beyond the last', 'kernel', withLastReference(btf, 'type', types + 10_000));
    add('a name behind all strings', 'neither', withLastReference(btf, 'string', strings + btf.length));
    add('half of its strings', 'neither', withHalfTheStrings(btf));
    add('strings as of a larger base', 'neither', withReferencesMoved(btf, 'string', strings, 500));
    add('strings as of a smaller base', 'neither', withReferencesMoved(btf, 'string', strings, -500));
    // The kernel follows typedefs, const and the like only; the others have none of a type of their own.
    const larger = name === 'xt_limit' ? 'neither' : 'kernel';
    add('types as of a larger base', larger, withReferencesMoved(btf, 'type', types, 10_000));
    add('types as of a smaller base', 'kernel', withReferencesMoved(btf, 'type', types, -500));
  }
  return cases;
}
