/* Names against Debian's real headers: what lies in the packages, and what clang finds declared in it. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { namesData } from '../../src/bpf-headers/names-data.ts';
import { headerNames } from '../../src/bpf-headers/names.ts';
import type { HeaderNames } from '../../src/bpf-headers/names.ts';
import { testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { clangDeclarations } from './clang-declarations.ts';
import { packagedTree } from './debian-headers.ts';
import { namesOfTrees } from './names-of-trees.ts';

/** The trees of the packages that a series' names were made from. */
function treesOf(series: string): string[] {
  const data = namesData();
  return (data.origins[data.series.indexOf(series)] ?? '').split(' ').map(packagedTree);
}

/** Registers a test that reads those trees, and skips it where they are not in the cache. */
function testWithHeaders(
  title: string,
  series: string,
  needs: readonly Need[],
  body: (t: ExecutionContext, trees: readonly string[], names: HeaderNames) => Promise<void> | void,
): void {
  const trees = treesOf(series);
  const names = headerNames(series);
  const missing = trees.find((tree) => !existsSync(tree));
  if (missing !== undefined || !names) test.skip(`${title} [skipped: no ${missing}]`, () => undefined);
  else testWith(needs)(title, (t) => body(t, trees, names));
}

function* headersIn(tree: string): Generator<string> {
  for (const folder of ['include', 'arch/x86/include']) {
    if (!existsSync(join(tree, folder))) continue;
    for (const name of readdirSync(join(tree, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${name}`;
      // include/config/ has marks of Kbuild's, which 5.10 names *.h.
      if (path.endsWith('.h') && !path.startsWith('include/config/')) yield path;
    }
  }
}

for (const series of ['5.10', '6.1', '6.12', '7.3']) {
  testWithHeaders(
    `${series}: every header of the merged tree is known, and no other`,
    series,
    [],
    (t, trees, names) => {
      const real = new Set(trees.flatMap((tree) => [...headersIn(tree)]));
      const known = [...names.paths()].filter((path) => /^(include|arch\/x86)\//.test(path));
      t.true(real.size > 5000);
      t.deepEqual(known, [...real].sort());
    },
  );
}

for (const series of ['6.1', '6.12']) {
  testWithHeaders(
    `${series}: another flavour lacks only what its options decide`,
    series,
    [],
    (t, trees, names) => {
      const [common = ''] = trees;
      const flavour = common.replaceAll('-common', '-cloud-amd64');
      if (!existsSync(flavour)) {
        t.log(`there is no ${flavour}`);
        t.pass();
        return;
      }
      const real = new Set([common, flavour].flatMap((tree) => [...headersIn(tree)]));
      const known = [...names.paths()].filter((path) => /^(include|arch\/x86)\//.test(path));
      t.deepEqual(
        [...real].filter((path) => !names.has(path)),
        [],
      );
      t.deepEqual(
        known.filter((path) => !real.has(path)),
        ['arch/x86/include/generated/asm/syscalls_x32.h'],
      );
    },
  );
}

/** What programs for BPF include, and subsystems with habits of their own. */
const headers = [
  ...[
    'sched',
    'fs',
    'tcp',
    'bio',
    'blkdev',
    'blk-mq',
    'skbuff',
    'ptrace',
    'bpf',
    'mm',
    'netdevice',
    'interrupt',
  ],
  ...[
    'pci',
    'usb',
    'kvm_host',
    'nfs_fs',
    'perf_event',
    'libata',
    'acpi',
    'in',
    'if_ether',
    'of',
    'efi',
    'security',
  ],
  ...['jbd2', 'ceph/libceph', 'sunrpc/svc', 'mlx5/driver'],
]
  .map((name) => `linux/${name}.h`)
  .concat(
    ['sock', 'inet_sock', 'tcp', 'ipv6', 'mac80211', 'netfilter/nf_tables'].map((name) => `net/${name}.h`),
  )
  .concat(['scsi/scsi_host.h', 'rdma/ib_verbs.h', 'sound/soc.h', 'drm/drm_atomic.h']);

for (const series of ['6.1', '6.12']) {
  testWithHeaders(
    `${series}: headers declare what clang finds`,
    series,
    ['tool:clang'],
    async (t, trees, names) => {
      const found = await clangDeclarations(trees, headers);
      const everywhere = new Set<string>();
      let [seen, known, notSeen] = [0, 0, 0];
      const missing: string[] = [];
      for (const [path, { tags, typedefs }] of found) {
        const declared = names.declares(path);
        if (!names.has(path)) continue;
        const withMembers = new Set([...tags].filter(([, filled]) => filled).map(([tag]) => tag));
        seen += withMembers.size + typedefs.size;
        known += declared.tags.length + declared.typedefs.length;
        missing.push(
          ...[...withMembers].filter((tag) => !declared.tags.includes(tag)).map((tag) => `${path} ${tag}`),
        );
        missing.push(
          ...[...typedefs]
            .filter((name) => !declared.typedefs.includes(name))
            .map((name) => `${path} ${name}`),
        );
        notSeen += declared.tags.filter((tag) => !withMembers.has(tag)).length;
        notSeen += declared.typedefs.filter((name) => !typedefs.has(name)).length;
        for (const name of [...declared.tags, ...declared.typedefs]) everywhere.add(name);
      }
      const pasted = found.get('<scratch space>');
      for (const name of [...(pasted?.tags.keys() ?? []), ...(pasted?.typedefs ?? [])])
        t.true(everywhere.has(name), name);
      t.log(
        `${found.size} headers, ${seen} declarations; ${known} known, ${notSeen} of them of other configurations`,
      );
      t.true(found.size > 600 && seen > 6000);
      t.deepEqual(missing, []);
      t.true(notSeen < known / 40);
    },
  );
}

testWithHeaders('6.1: the names are those that the script finds', '6.1', [], (t, trees, names) => {
  const found = namesOfTrees(trees);
  t.deepEqual([...found.keys()], [...names.paths()]);
  for (const [path, [tags = [], typedefs = [], enums = []]] of found) {
    t.deepEqual(
      names.declares(path),
      { tags: [...tags].sort(), typedefs: [...typedefs].sort(), enums: [...enums].sort() },
      path,
    );
  }
});

test('make-names: the same trees give the same bytes, in whatever order they are named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ikfs-names-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  try {
    write('one/include/linux/a.h', 'struct a { int x; };');
    write('one/arch/x86/include/asm/Kbuild', 'generic-y += b.h\ngenerated-y += c.h\n');
    write('one/include/asm-generic/Kbuild', 'mandatory-y += d.h\nmandatory-y += e.h\n');
    write('one/arch/x86/include/asm/e.h', 'typedef int e;');
    write('other/include/linux/a.h', 'struct a { int x; }; struct z { int x; };');
    const program = join(import.meta.dirname, 'make-names.js');
    const made = [
      ['6.1=one', '6.2=other'],
      ['6.2=other', '6.1=one'],
    ].map((operands, run) => {
      const output = `names-${run}`;
      execFileSync(process.execPath, [program, ...operands, '--output', output], { cwd: folder });
      return readFileSync(join(folder, output));
    });
    t.deepEqual(made[0], made[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
