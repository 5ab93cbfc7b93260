/* Debian's kernels for other machines: what their images are made of, and what comes out of them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianKernel } from '../debian-kernels.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { debianRoot, testWith } from '../requirements.ts';

/** The layers of each kernel's image, and the machine that its ELF header or a container tells. */
const images = {
  '6.1-arm64': { steps: ['arm64 image'], machine: 'arm64', btf: true },
  '6.12-arm64': { steps: ['arm64 image'], machine: 'arm64', btf: true },
  '6.1-armmp': { steps: ['arm zImage', 'xz', 'flat image'], machine: 'arm', btf: false },
  '6.1-marvell': { steps: ['arm zImage', 'xz', 'flat image'], machine: 'arm', btf: false },
  '6.1-i386': { steps: ['bzImage', 'xz', 'ELF i386'], machine: 'i386', btf: false },
  '6.1-s390x': { steps: ['s390 image', 'xz', 'flat image'], machine: 's390', btf: false },
  '6.1-ppc64el': { steps: ['ELF ppc64'], machine: 'ppc64', btf: false },
  '6.1-mips64el': { steps: ['ELF mips', 'xz', 'flat image'], machine: 'mips', btf: false },
} as const satisfies Partial<Record<DebianKernel, object>>;

for (const [kernel, expected] of Object.entries(images) as [
  keyof typeof images,
  (typeof images)[keyof typeof images],
][]) {
  testWith(['debian-foreign', 'addon'])(
    `Debian ${kernel}: the image is known for what it is, and its release is that of its modules`,
    async (t) => {
      const root = debianRoot(kernel);
      const tree = await openTree({ sysroot: root });
      t.teardown(tree.close);
      const [release = '', ...others] = tree.catalogue.kernels.keys();
      t.deepEqual([release, ...others], readdirSync(join(root, 'lib', 'modules')));
      t.deepEqual(tree.catalogue.rejected, []);
      t.true((await tree.read(`${release}/version`)).toString().startsWith(`Linux version ${release} (`));
      const record = await tree.catalogue.kernels.get(release)?.images[0]?.record();
      t.deepEqual(
        record?.steps.map((step) => step.name),
        expected.steps,
      );
      t.is(record?.machine?.name, expected.machine);
      t.is((await tree.names(`${release}/btf`)).includes('vmlinux'), expected.btf);
      t.deepEqual(tree.catalogue.kernels.get(release)?.findings.list(), []);
    },
  );
}

/** What readelf(1) says of an ELF file's header, by the names of the fields. */
function elfHeader(file: string): Map<string, string> {
  const lines = execFileSync('readelf', ['-h', file], { encoding: 'utf8' }).split('\n');
  return new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(':').map((part) => part.trim());
      return [name, value];
    }),
  );
}

for (const kernel of ['6.1-arm64', '6.12-arm64'] as const) {
  testWith(['debian-foreign', 'addon', 'bpftool', 'tool:readelf', 'tool:objcopy'])(
    `Debian ${kernel}: BTF of a flat image is whole, stands there as it was, and is what the modules are split on`,
    async (t) => {
      const root = debianRoot(kernel);
      const tree = await openTree({ sysroot: root });
      const scratch = temporaryFolder();
      t.teardown(scratch.remove);
      t.teardown(tree.close);
      const [release = ''] = tree.catalogue.kernels.keys();
      const btf = await tree.read(`${release}/btf/vmlinux`);
      const image = readFileSync(join(root, 'boot', `vmlinuz-${release}`));
      t.true(image.includes(btf));
      const [base, elf, dumped] = ['vmlinux', 'elf', 'dumped'].map((name) => join(scratch.path, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(base, btf);
      const raw = (...options: readonly string[]): string =>
        execFileSync('bpftool', [...options, 'format', 'raw'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
      t.regex(raw('btf', 'dump', 'file', base), /STRUCT 'task_struct' size=[1-9]/);

      // An ELF file for who wants one, of the image's machine, with the same BTF.
      writeFileSync(elf, await tree.read(`${release}/vmlinux`));
      const header = elfHeader(elf);
      t.is(header.get('Machine'), 'AArch64');
      t.is(header.get('Class'), 'ELF64');
      execFileSync('objcopy', ['--dump-section', `.BTF=${dumped}`, elf, join(scratch.path, 'copy')]);
      t.true(readFileSync(dumped).equals(btf));

      // Names of members would be missing if it were not this base.
      const split = join(scratch.path, 'split');
      const names = (await tree.names(`${release}/btf`)).filter((name) => name !== 'vmlinux');
      t.true(names.length > 3000);
      for (const name of names.filter((_, at) => at % 500 === 0)) {
        writeFileSync(split, await tree.read(`${release}/btf/${name}`));
        t.notRegex(raw('-B', base, 'btf', 'dump', 'file', split), /\(invalid/, name);
      }
      const rows = (await tree.catalogue.kernels.get(release)?.moduleRows()) ?? [];
      t.deepEqual(
        rows.filter(({ verdict }) => verdict !== 'ok'),
        [],
      );
    },
  );
}
