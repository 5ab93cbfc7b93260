import { execFileSync } from 'node:child_process';
import { symversKernels } from '../debian-kernels.ts';
import { modulePaths } from '../format/real-kernel.ts';
import { openTree } from '../open-tree.ts';
import { corpusRoot, debianRoot, debianSymvers, testWith } from '../requirements.ts';
import { corpusRelease } from './truth.ts';

/** Lines in an order of their own: modpost's is that in which it came to know the symbols. */
function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1).sort();
}

for (const kernel of symversKernels) {
  testWith(['debian', 'debian-foreign', 'debian-symvers']).serial(
    `Debian ${kernel}: Module.symvers has the lines that its build has`,
    async (t) => {
      const tree = await openTree({ sysroot: debianRoot(kernel) });
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      const ours = linesOf((await tree.read(`${release}/Module.symvers`)).toString());
      const built = linesOf(debianSymvers(kernel));
      t.true(built.length > 10_000);
      const [known, found] = [new Set(built), new Set(ours)];
      t.deepEqual(
        ours.filter((line) => !known.has(line)),
        [],
        'lines that the build has not',
      );
      t.deepEqual(
        built.filter((line) => !found.has(line)),
        [],
        'lines that only the build has',
      );
      t.is(ours.length, built.length);
      t.deepEqual(tree.catalogue.kernels.get(release)?.findings.list(), []);
    },
  );
}

testWith(['corpus', 'tool:nm'])('Module.symvers has everything that the modules import', async (t) => {
  const tree = await openTree({ sysroot: corpusRoot() });
  t.teardown(tree.close);
  const rows = linesOf((await tree.read(`${corpusRelease}/Module.symvers`)).toString()).map((line) =>
    line.split('\t'),
  );
  t.true(rows.every((row) => row.length === 5));
  // Built without CONFIG_MODVERSIONS.
  t.deepEqual([...new Set(rows.map(([crc]) => crc))], ['0x00000000']);
  const exported = new Map(rows.map(([, name = '', module]) => [name, module]));
  t.is(exported.size, rows.length, 'no symbol comes twice');
  t.is(exported.get('init_net'), 'vmlinux');
  t.is(exported.get('sunrpc_net_id'), 'net/sunrpc/sunrpc');

  const paths = modulePaths(corpusRoot());
  const undefinedNames = execFileSync('nm', ['-u', '-j', ...paths], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const imported = new Set(undefinedNames.split('\n').filter((line) => /^\w+$/.test(line)));
  t.true(imported.size > 1000);
  // What the linker makes of a module as it is loaded.
  imported.delete('_GLOBAL_OFFSET_TABLE_');
  t.deepEqual(
    [...imported].filter((name) => !exported.has(name)),
    [],
  );
});

testWith(['corpus', 'debian-foreign'])(
  'a flat image whose tables can not be told has no Module.symvers',
  async (t) => {
    for (const kernel of ['6.1-armmp', '6.1-s390x'] as const) {
      const tree = await openTree({ sysroot: debianRoot(kernel) });
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      await t.throwsAsync(tree.read(`${release}/Module.symvers`), { code: 'not-found' });
      t.regex(
        (await tree.read('status.json')).toString(),
        /no tables of exports can be told in the flat image/,
      );
      t.false((await tree.names(release)).includes('Module.symvers'), 'once it is known');
    }
  },
);
