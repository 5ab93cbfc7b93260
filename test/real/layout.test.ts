/* Sizes and offsets in types/vmlinux.h, as clang lays them out, against BTF as bpftool reads it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { unpackedPackage } from '../debian-kernels.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { corpusRoot, testWith } from '../requirements.ts';

/** A type as `bpftool -j btf dump file X format raw` prints it. */
interface DumpedType {
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly {
    readonly name: string;
    readonly bits_offset: number;
    readonly bitfield_size?: number;
  }[];
}

/** An assertion in C for the size of each struct and union that has a name, and for each offset that C can name. */
function assertionsFor(types: readonly DumpedType[]): string[] {
  // Of a name that is there twice, as a struct and as a union perhaps, C can tell only one.
  const tagged = types.filter(({ kind, name }) => /^(STRUCT|UNION|ENUM)/.test(kind) && name !== '(anon)');
  const names = new Map<string, number>();
  for (const { name } of tagged) names.set(name, (names.get(name) ?? 0) + 1);
  return tagged
    .filter(({ kind, name }) => !kind.startsWith('ENUM') && names.get(name) === 1)
    .flatMap(({ kind, name, size, members = [] }) => {
      const type = `${kind.toLowerCase()} ${name}`;
      const offsets = members
        .filter((member) => member.name !== '(anon)' && (member.bitfield_size ?? 0) === 0)
        .filter((member) => member.bits_offset % 8 === 0)
        .map(
          (member) =>
            `_Static_assert(__builtin_offsetof(${type}, ${member.name}) == ${member.bits_offset / 8}, "${type}.${member.name}");`,
        );
      return [`_Static_assert(sizeof(${type}) == ${size}, "${type}");`, ...offsets];
    });
}

async function checkLayout(t: ExecutionContext, sysroot: string, least: number): Promise<void> {
  const tree = await openTree({ sysroot });
  const { path, remove } = temporaryFolder();
  t.teardown(remove);
  t.teardown(tree.close);
  const [release = ''] = tree.catalogue.kernels.keys();
  const btf = join(path, 'btf');
  writeFileSync(btf, await tree.read(`${release}/btf/vmlinux`));
  writeFileSync(join(path, 'vmlinux.h'), await tree.read(`${release}/types/vmlinux.h`));
  const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', btf, 'format', 'raw'], {
    maxBuffer: 2 ** 30,
  });
  const { types } = JSON.parse(dump.toString()) as { types: readonly DumpedType[] };
  const assertions = assertionsFor(types);
  t.true(assertions.length > least, `only ${assertions.length} assertions`);
  const program = join(path, 'layout.c');
  writeFileSync(program, `#include "vmlinux.h"\n${assertions.join('\n')}\n`);
  const compiled = spawnSync(
    'clang',
    ['-target', 'bpf', '-fsyntax-only', '-w', '-ferror-limit=0', '-I', path, program],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  const wrong = compiled.stderr.split('\n').filter((line) => line.includes('error:'));
  t.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${assertions.length} are wrong`);
  t.is(compiled.status, 0);
  t.log(`${assertions.length} sizes and offsets`);
}

const tools = ['addon', 'bpftool', 'tool:clang'] as const;

testWith(['corpus', ...tools])('corpus: every size and offset in vmlinux.h is that of BTF', (t) =>
  checkLayout(t, corpusRoot(), 40_000),
);

for (const kernel of ['6.1', '6.12-cloud'] as const) {
  testWith(['debian', ...tools])(
    `Debian ${kernel}: every size and offset in vmlinux.h is that of BTF`,
    async (t) => {
      const sysroot = unpackedPackage(kernel);
      if (sysroot === undefined) return t.fail('the kernel was not fetched');
      await checkLayout(t, sysroot, 50_000);
    },
  );
}
