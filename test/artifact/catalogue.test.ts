import test from 'ava';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { IkfsError } from '../../src/errors.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import type { OpenedTree } from '../open-tree.ts';
import { buildBtf } from '../format/btf-builder.ts';
import {
  bannerOf,
  btfSection,
  configOf,
  headerArchive,
  headerFiles,
  moduleFile,
  vmlinux,
  writeFiles,
} from '../synthetic-kernel.ts';
import { testWith } from '../requirements.ts';

const release = '6.6.1-test';
const needs = ['tool:tar', 'tool:xz'] as const;

/** A system of these files, opened; both go with the test. */
async function systemOf(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<OpenedTree> {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  writeFiles(folder.path, files);
  const tree = await openTree({ sysroot: folder.path });
  t.teardown(tree.close);
  return tree;
}

testWith(needs)('a kernel with everything built in shows everything', async (t) => {
  const config = configOf('6.6.1', { IKHEADERS: 'y', DEBUG_INFO_BTF: 'y' });
  const headers = headerArchive(headerFiles(release));
  const btf = buildBtf();
  for (const stripped of [false, true]) {
    const tree = await systemOf(t, { 'boot/anything': vmlinux({ release, btf, config, headers, stripped }) });
    t.deepEqual(await tree.names(release), [
      'version',
      'compiler',
      'config',
      'config.gz',
      'auto.conf',
      'kernel.release',
      'kheaders.tar.xz',
      'build',
      'bpf-headers',
      'source',
      'headers-only.mk',
      'clang',
      'btf',
      'btf-flat',
      'types',
      'vmlinux',
      'vmlinux.h',
      'Module.symvers',
    ]);
    t.is((await tree.read(`${release}/version`)).toString(), bannerOf(release));
    t.is((await tree.read(`${release}/compiler`)).toString(), 'gcc (Test 1.2) 13.3.0, GNU ld 2.42\n');
    t.is((await tree.read(`${release}/config`)).toString(), config);
    t.deepEqual(await tree.read(`${release}/kheaders.tar.xz`), headers);
    t.deepEqual(await tree.read(`${release}/btf/vmlinux`), btf);
    t.is(
      (await tree.read(`${release}/source/include/linux/kconfig.h`)).toString(),
      '#include <generated/autoconf.h>\n',
    );
    t.deepEqual(tree.catalogue.kernels.get(release)?.findings.list(), []);
  }
});

test('a kernel with nothing in it shows what it is, and status says why the rest is absent', async (t) => {
  const tree = await systemOf(t, { 'boot/vmlinux': vmlinux({ release }) });
  for (const name of ['config', 'kheaders.tar.xz', 'build', 'btf/vmlinux', 'vmlinux', 'Module.symvers']) {
    await t.throwsAsync(tree.read(`${release}/${name}`), { instanceOf: IkfsError, code: 'not-found' }, name);
  }
  t.deepEqual(await tree.names(release), ['version', 'compiler']);
  const status = (await tree.read('status.json')).toString();
  t.regex(status, /CONFIG_IKCONFIG is not built in/);
  t.regex(status, /CONFIG_IKHEADERS is not built in/);
  t.regex(status, /CONFIG_DEBUG_INFO_BTF is off/);
});

testWith(needs)(
  'without IKCONFIG the configuration comes from the headers, and is marked as derived',
  async (t) => {
    const headers = headerArchive(headerFiles(release));
    const tree = await systemOf(t, { 'boot/vmlinux': vmlinux({ release, headers }) });
    const lines = (await tree.read(`${release}/config`)).toString().split('\n');
    // bpftool takes a configuration only with this second line.
    t.is(lines[1], '# Automatically generated file; DO NOT EDIT.');
    t.true(lines.includes('CONFIG_X86=y'));
    t.true(lines.includes('CONFIG_BTRFS_FS=m'));
    t.true(lines.includes('CONFIG_HZ=250'));
    const outcome = await tree.catalogue.kernels.get(release)?.artifact('config');
    t.true(outcome?.state === 'ready' && outcome.provenance.derived);
  },
);

testWith(needs)('the embedded configuration goes before the file beside the kernel', async (t) => {
  const embedded = configOf('6.6.1', { FROM: '"image"' });
  const beside = configOf('6.6.1', { FROM: '"boot"' });
  const both = await systemOf(t, {
    'boot/vmlinux': vmlinux({ release, config: embedded }),
    [`boot/config-${release}`]: beside,
  });
  t.is((await both.read(`${release}/config`)).toString(), embedded);
  const one = await systemOf(t, { 'boot/vmlinux': vmlinux({ release }), [`boot/config-${release}`]: beside });
  t.is((await one.read(`${release}/config`)).toString(), beside);
  t.deepEqual(await one.read(`${release}/config.gz`), gzipSync(beside));
});

testWith(needs)(
  'headers, modules and configurations of another release are served and reported',
  async (t) => {
    const headers = headerArchive(headerFiles('6.6.2-other'));
    const tree = await systemOf(t, {
      'boot/vmlinux': vmlinux({ release, headers, config: configOf('5.4.0') }),
      [`lib/modules/${release}/kernel/one.ko`]: moduleFile('one', '6.6.9-foreign'),
      [`lib/modules/${release}/kernel/two.ko`]: moduleFile('deux', release),
    });
    await tree.read(`${release}/modules.tsv`);
    await tree.read(`${release}/config`);
    await tree.names(`${release}/build`);
    const findings = tree.catalogue.kernels.get(release)?.findings.list().join('\n') ?? '';
    t.regex(findings, /are for 6\.6\.2-other, not for 6\.6\.1-test/);
    t.regex(findings, /says it is for 5\.4\.0, not for 6\.6\.1-test/);
    t.regex(findings, /one\.ko was built for 6\.6\.9-foreign, not for 6\.6\.1-test/);
    t.regex(findings, /two\.ko calls itself deux; it is listed as two/);
  },
);

testWith([...needs, 'tool:zstd', 'tool:gzip'])('modules are read in every form they come in', async (t) => {
  const plain = moduleFile('a', release);
  const compressed = (tool: string): Buffer => execFileSync(tool, ['-c'], { input: plain });
  const folder = `lib/modules/${release}`;
  const tree = await systemOf(t, {
    [`${folder}/kernel/plain-one.ko`]: moduleFile('plain_one', release),
    [`${folder}/kernel/signed.ko`]: Buffer.concat([
      plain,
      Buffer.from('signature~Module signature appended~\n'),
    ]),
    [`${folder}/kernel/g.ko.gz`]: compressed('gzip'),
    [`${folder}/kernel/x.ko.xz`]: compressed('xz'),
    [`${folder}/kernel/z.ko.zst`]: compressed('zstd'),
    [`${folder}/kernel/bare.ko`]: moduleFile('bare', release, []),
    [`${folder}/kernel/broken.ko`]: plain.subarray(0, 100),
    [`${folder}/kernel/text.ko`]: 'no module at all',
  });
  t.deepEqual(await tree.names(`${release}/btf`), [
    'bare',
    'broken',
    'g',
    'plain_one',
    'signed',
    'text',
    'x',
    'z',
  ]);
  for (const name of ['plain_one', 'signed', 'g', 'x', 'z']) {
    t.deepEqual(await tree.read(`${release}/btf/${name}`), buildBtf(), name);
  }
  await t.throwsAsync(tree.read(`${release}/btf/bare`), { instanceOf: IkfsError, code: 'not-found' });
  const broken = await t.throwsAsync(tree.read(`${release}/btf/broken`), { instanceOf: IkfsError });
  t.is(broken.code, 'truncated');
  t.regex(broken.path ?? '', /broken\.ko$/);
  const table = (await tree.read(`${release}/modules.tsv`)).toString();
  t.regex(table, /^bare\t\S+bare\.ko\tno-section\t0\t0\tno \.BTF section$/m);
  t.regex(table, /^broken\t\S+broken\.ko\tunreadable\t0\t0\t.+$/m);
  t.regex(table, /^plain_one\t\S+plain-one\.ko\tok\t\d+\t0\tnot checked: no BTF of the kernel .+$/m);
  // Once it is known that a module has none, it is no longer listed.
  t.false((await tree.names(`${release}/btf`)).includes('bare'));
});

test("Android's partitions are searched, and flat module folders told apart by vermagic", async (t) => {
  const tree = await systemOf(t, {
    'vendor_dlkm/lib/modules/wlan.ko': moduleFile('wlan', release),
    'vendor_dlkm/lib/modules/modules.dep': '',
    [`system_dlkm/lib/modules/${release}/kernel/zram.ko`]: moduleFile('zram', release),
  });
  t.deepEqual(await tree.names(`${release}/btf`), ['wlan', 'zram']);
});

test('links of another root stay inside it', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  writeFiles(folder.path, { 'usr/lib/images/k': vmlinux({ release }), 'usr/share/x': '' });
  mkdirSync(join(folder.path, 'boot'));
  symlinkSync('/usr/lib/images/k', join(folder.path, 'boot/vmlinuz'));
  symlinkSync('/usr/lib', join(folder.path, 'lib'));
  symlinkSync('../../../../etc/hostname', join(folder.path, 'boot/escape'));
  const tree = await openTree({ sysroot: folder.path });
  t.teardown(tree.close);
  t.deepEqual([...tree.catalogue.kernels.keys()], [release]);
  t.deepEqual(tree.catalogue.kernels.get(release)?.sources.images, [join(folder.path, 'usr/lib/images/k')]);
});

test('files in boot/ that are no kernels are passed over, with the reason in status.json', async (t) => {
  const whole = vmlinux({ release });
  const tree = await systemOf(t, {
    'boot/grub.bin': Buffer.alloc(5000, 7),
    'boot/empty': '',
    'boot/torn': whole.subarray(0, whole.length - 70),
    'boot/good': whole,
  });
  t.deepEqual([...tree.catalogue.kernels.keys()], [release]);
  const { rejected } = tree.catalogue;
  t.true(
    rejected.some(({ source, reason }) => source.endsWith('grub.bin') && reason.includes('holds no kernel')),
  );
  t.true(rejected.some(({ source }) => source.endsWith('empty')));
});

testWith(needs)('a hostile archive fails by itself; the rest of the kernel is served', async (t) => {
  const headers = Buffer.concat([headerArchive(headerFiles(release)).subarray(0, 200)]);
  const tree = await systemOf(t, {
    'boot/vmlinux': vmlinux({ release, headers, config: configOf('6.6.1'), btf: buildBtf() }),
  });
  const error = await t.throwsAsync(tree.names(`${release}/build`), { instanceOf: IkfsError });
  t.is(error.code, 'truncated');
  t.regex(error.path ?? '', /boot\/vmlinux$/);
  t.is((await tree.read(`${release}/config`)).toString(), configOf('6.6.1'));
  t.deepEqual(await tree.read(`${release}/btf/vmlinux`), buildBtf());
});

testWith(needs)(
  'files given by hand make a kernel of their own, and a doubtful one asks for --release',
  async (t) => {
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const btf = buildBtf();
    writeFiles(folder.path, {
      'k.tar.xz': headerArchive(headerFiles(release)),
      'a.btf': btf,
      'a.config': configOf('6.6.1'),
      'mods/one.ko': moduleFile('one', release, [btfSection()]),
    });
    const at = (name: string): string => join(folder.path, name);
    const tree = await openTree({
      headers: [at('k.tar.xz')],
      btf: [at('a.btf')],
      configs: [at('a.config')],
      modules: [at('mods')],
    });
    t.teardown(tree.close);
    t.deepEqual([...tree.catalogue.kernels.keys()], [release]);
    t.deepEqual(await tree.read(`${release}/btf/vmlinux`), btf);
    t.is((await tree.read(`${release}/config`)).toString(), configOf('6.6.1'));
    t.deepEqual(await tree.names(`${release}/btf`), ['vmlinux', 'one']);
    await t.throwsAsync(openTree({ btf: [at('a.btf')] }), { instanceOf: IkfsError, code: 'usage' });
    const named = await openTree({ btf: [at('a.btf')], release: '9.9.9' });
    t.teardown(named.close);
    t.deepEqual(await named.read('9.9.9/btf/vmlinux'), btf);
  },
);

test("Debian's releases name the upstream version only in part, which is no disagreement", async (t) => {
  const debian = '6.1.0-56-amd64';
  const tree = await systemOf(t, {
    'boot/vmlinux': vmlinux({ release: debian }),
    [`boot/config-${debian}`]: configOf('6.1.192'),
  });
  await tree.read(`${debian}/config`);
  t.deepEqual(tree.catalogue.kernels.get(debian)?.findings.list(), []);
});

test('--modules takes the folder of one kernel, or one that holds such folders', async (t) => {
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  writeFiles(folder.path, {
    [`modules/${release}/kernel/one.ko`]: moduleFile('one', release),
    'modules/6.7.0/kernel/two.ko': moduleFile('two', '6.7.0'),
    'empty/file': '',
  });
  const all = await openTree({ modules: [join(folder.path, 'modules')] });
  t.teardown(all.close);
  t.deepEqual([...all.catalogue.kernels.keys()], [release, '6.7.0']);
  t.deepEqual(await all.names('6.7.0/btf'), ['two']);
  const one = await openTree({ modules: [join(folder.path, 'modules', release)] });
  t.teardown(one.close);
  t.deepEqual([...one.catalogue.kernels.keys()], [release]);
  await t.throwsAsync(openTree({ modules: [join(folder.path, 'empty')] }), {
    instanceOf: IkfsError,
    code: 'not-found',
  });
});
