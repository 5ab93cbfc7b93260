import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { debianRoot, testWith } from '../requirements.ts';

/** Every .BTF section of a tree's modules, dumped by objcopy, and none where a module has none. */
const dumpSections = `
set -eu
cd "$1"; out=$2
find . -name '*.ko' -o -name '*.ko.xz' | xargs -P2 -n64 sh -c '
  out=$0
  for file; do
    name=$(basename "$file" | sed "s/\\.ko.*//; s/-/_/g")
    plain=$file
    case $file in *.xz) plain=$out/$name.ko; xz -dc "$file" >"$plain" ;; esac
    objcopy --dump-section .BTF="$out/$name.btf" "$plain" "$out/$name.copy" 2>/dev/null || rm -f "$out/$name.btf"
    rm -f "$out/$name.ko" "$out/$name.copy"
  done' "$out"
`;

for (const kernel of ['6.1', '6.12-cloud'] as const) {
  testWith(['debian', 'tool:objcopy', 'tool:xz']).serial(
    `Debian ${kernel}: the BTF of every module equals objcopy's, byte for byte`,
    async (t) => {
      const root = debianRoot(kernel);
      const truth = temporaryFolder();
      t.teardown(truth.remove);
      execFileSync('sh', ['-c', dumpSections, 'sh', root, truth.path]);
      const expected = readdirSync(truth.path).map((file) => file.replace(/\.btf$/, ''));
      t.true(expected.length > 1000);

      const tree = await openTree({ sysroot: root });
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      const names = await tree.names(`${release}/btf`);
      t.deepEqual(names.filter((name) => name !== 'vmlinux').sort(), expected.sort());
      for (const name of expected) {
        const ours = await tree.read(`${release}/btf/${name}`);
        if (!ours.equals(readFileSync(join(truth.path, `${name}.btf`)))) t.fail(`${name} differs`);
      }
      t.deepEqual(tree.catalogue.kernels.get(release)?.findings.list(), []);
    },
  );
}

for (const [kernel, codec] of [
  ['6.1', 'xz'],
  ['6.1-cloud', 'lz4-legacy'],
  ['6.12-cloud', 'zstd'],
] as const) {
  testWith(['debian', 'tool:bpftool'])(
    `Debian ${kernel}: btf/vmlinux out of a ${codec} bzImage is whole`,
    async (t) => {
      const tree = await openTree({ sysroot: debianRoot(kernel) });
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      const btf = await tree.read(`${release}/btf/vmlinux`);
      const outcome = await tree.catalogue.kernels.get(release)?.artifact('btf/vmlinux');
      t.is(outcome?.state, 'ready');
      if (outcome?.state === 'ready') {
        t.deepEqual(
          outcome.provenance.steps.map((step) => step.name),
          ['bzImage', codec, 'ELF x86-64'],
        );
      }
      t.true(btf.length > 2_000_000);
    },
  );
}

testWith(['debian'])('opening a kernel of thousands of modules and listing them opens none', async (t) => {
  const tree = await openTree({ sysroot: debianRoot('6.1') });
  t.teardown(tree.close);
  const opened = tree.workshop.reads.files;
  const [release = ''] = tree.catalogue.kernels.keys();
  const names = await tree.names(`${release}/btf`);
  t.true(names.length > 4000);
  t.is(tree.workshop.reads.files, opened);
  // The kernel image is the only file that was opened at all.
  t.is(opened, 1);
  t.is(tree.settled.length, 0);
});
