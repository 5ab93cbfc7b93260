/* Each finding appears for a system that was built to have it, and for a sound one there are good ones only. */
import test from 'ava';
import { chmodSync, chownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findingNames } from '../../daemon/doctor/finding.ts';
import type { Finding, FindingName, Severity } from '../../daemon/doctor/finding.ts';
import { lookups } from '../../daemon/doctor/lookup-order.ts';
import { knownTools } from '../../daemon/doctor/tools.ts';
import { testWith } from '../requirements.ts';
import { bcc, buildFolder, examineSystem, headersIn, release, without } from './doctor-system.ts';
import type { SystemSpec } from './doctor-system.ts';

const noBuild = without(headersIn(buildFolder));
const noBtf = { 'sys/kernel/btf/vmlinux': undefined };
const noArchive = { headers: { missing: 'nowhere' }, archive: undefined };
const noBcc = without(bcc('0.37.0'));
const kheaders = { 'sys/kernel/kheaders.tar.xz': 'xz' };
const unpackers = { tar: '1.35', xz: '5.4.1' };
const temporary = `tmp/kheaders-${release}`;

interface Case {
  readonly name: FindingName;
  /** Where one finding has several. */
  readonly when?: string;
  readonly severity: Severity;
  readonly system: SystemSpec;
  /** What it says. */
  readonly says?: RegExp;
  readonly advises?: RegExp;
  readonly fix?: string | RegExp;
  readonly tools?: readonly string[];
  readonly needsRoot?: true;
}

const cases: readonly Case[] = [
  { name: 'kernel-btf', severity: 'good', system: {}, tools: ['bpftrace', 'bcc', 'bpftool'] },
  {
    name: 'no-kernel-btf',
    severity: 'problem',
    system: { files: noBtf, options: { DEBUG_INFO_BTF: undefined } },
    fix: 'ikfs exec -- CMD',
  },
  {
    name: 'no-kernel-btf',
    when: 'sysfs is not mounted',
    severity: 'problem',
    system: { files: noBtf, supply: { btf: { missing: 'nowhere' } } },
    says: /has BTF but does not show it/,
  },
  {
    name: 'no-tracing-by-btf',
    severity: 'warning',
    system: { files: noBtf, options: { DEBUG_INFO_BTF: undefined } },
    says: /fentry, .*kfuncs do not work/,
  },
  { name: 'no-module-btf', severity: 'note', system: { options: { DEBUG_INFO_BTF_MODULES: undefined } } },
  {
    name: 'module-btf-mismatch-allowed',
    severity: 'note',
    system: { options: { MODULE_ALLOW_BTF_MISMATCH: 'y' } },
    fix: 'ikfs modules',
  },
  {
    name: 'no-os-release',
    severity: 'warning',
    system: { programs: { opensnoop: '' }, files: { ...noBtf, 'etc/os-release': undefined } },
    tools: ['libbpf-tools'],
  },
  { name: 'libbpf-on-bionic', severity: 'note', system: { files: { 'system/bin/linker64': '' } } },
  { name: 'ikfs-mounted', severity: 'good', system: { mountpoint: '/run/ikfs' }, says: /\/run\/ikfs/ },
  {
    name: 'ikfs-can-not-look',
    severity: 'warning',
    system: { supply: { failure: '/boot: permission denied' } },
    says: /\/boot: permission denied/,
    fix: 'ikfs info',
  },
  {
    name: 'headers-found',
    severity: 'good',
    system: {},
    says: new RegExp(`^bcc and bpftrace find headers at /lib/modules/${release}/build$`),
  },
  {
    name: 'headers-not-found',
    severity: 'problem',
    system: { files: noBuild, mountpoint: '/run/ikfs' },
    says: /^bcc and bpftrace find no kernel headers/,
    fix: 'eval "$(ikfs env)"',
  },
  {
    name: 'headers-not-found',
    when: 'only bpftrace is there, and BTF',
    severity: 'warning',
    system: { files: { ...noBuild, ...noBcc } },
    tools: ['bpftrace'],
    fix: 'ikfs mount --background && eval "$(ikfs env)"',
  },
  {
    name: 'headers-not-found',
    when: 'ikfs can make some from BTF',
    severity: 'problem',
    system: { files: noBuild, supply: noArchive },
    advises: /^ikfs makes headers for BPF programs from BTF: bpf-headers\/, as there is no header archive$/,
    fix: 'ikfs mount --background && eval "$(ikfs env)"',
  },
  {
    name: 'headers-not-found',
    when: 'only those made from BTF are wanted',
    severity: 'problem',
    system: { files: noBuild, wantedHeaders: 'btf' },
    fix: 'ikfs mount --background && eval "$(ikfs env --headers btf)"',
  },
  {
    name: 'headers-not-found',
    when: 'only an archive is wanted, and there is none',
    severity: 'problem',
    system: { files: noBuild, supply: noArchive, wantedHeaders: 'archive' },
    advises: /^ikfs has none either: CONFIG_IKHEADERS is not set/,
  },
  {
    name: 'btf-not-found',
    severity: 'problem',
    system: { files: noBtf },
    says: /^bcc, bpftrace and bpftool find no BTF/,
  },
  {
    name: 'config-not-found',
    severity: 'warning',
    system: { files: { 'proc/config.gz': undefined } },
    fix: 'ikfs exec -- CMD',
  },
  { name: 'symbols-not-found', severity: 'note', system: { programs: { perf: '6.6' } }, tools: ['perf'] },
  {
    name: 'symbols-not-found',
    when: 'drgn is there',
    severity: 'warning',
    system: { programs: { perf: '6.6', drgn: '0.0.30' } },
    tools: ['perf', 'drgn'],
  },
  {
    name: 'build-tree-not-found',
    severity: 'problem',
    system: { programs: { dkms: '3.0' }, files: { [`${buildFolder}/Makefile`]: undefined } },
    tools: ['DKMS'],
  },
  {
    name: 'bpftrace-does-not-unpack',
    severity: 'note',
    system: { files: { ...noBuild, ...kheaders }, programs: unpackers },
    says: /bpftrace 0\.24\.0 does not look into \/sys\/kernel\/kheaders\.tar\.xz/,
  },
  {
    name: 'archive-can-not-be-unpacked',
    severity: 'problem',
    system: { files: { ...noBuild, ...kheaders }, programs: { tar: '1.35' } },
    says: /there is no xz/,
  },
  {
    name: 'archive-can-not-be-unpacked',
    when: 'the archive is in a module',
    severity: 'problem',
    system: {
      files: { ...noBuild, [`lib/modules/${release}/kernel/kernel/kheaders.ko.xz`]: '' },
      programs: unpackers,
    },
    says: /there is no modprobe/,
  },
  {
    name: 'archive-can-not-be-unpacked',
    when: 'there is no place to unpack to, as on Android',
    severity: 'problem',
    system: {
      files: { ...noBuild, ...kheaders },
      programs: unpackers,
      environment: { TMPDIR: '/data/local/tmp' },
    },
    says: /there is no \/data\/local\/tmp/,
  },
  {
    name: 'variable-leads-nowhere',
    severity: 'problem',
    system: { environment: { BPFTRACE_KERNEL_SOURCE: '/run/ikfs/gone/build' } },
    says: /\$BPFTRACE_KERNEL_SOURCE is \/run\/ikfs\/gone\/build, which is not there/,
    fix: 'unset BPFTRACE_KERNEL_SOURCE',
  },
  {
    name: 'link-leads-nowhere',
    severity: 'problem',
    system: { files: noBuild, links: { [buildFolder]: '/usr/src/gone' } },
    fix: /ikfs exec -- CMD$/,
  },
  {
    name: 'link-leads-nowhere',
    when: 'the other one has headers',
    severity: 'note',
    system: { links: { [`lib/modules/${release}/source`]: '/home/builder/linux' } },
    says: new RegExp(`^/lib/modules/${release}/source leads to`),
  },
  {
    name: 'headers-empty',
    severity: 'problem',
    system: { files: noBuild, directories: [buildFolder] },
    tools: ['bcc', 'bpftrace'],
  },
  {
    name: 'headers-partial',
    severity: 'problem',
    system: { files: { [`${buildFolder}/include/generated/autoconf.h`]: undefined } },
    says: /lacks include\/generated\/autoconf\.h$/,
  },
  {
    name: 'headers-partial',
    when: 'a variable names them',
    severity: 'problem',
    system: { environment: { BPFTRACE_KERNEL_SOURCE: '/usr' } },
    says: /^\/usr lacks include\/linux\/kconfig\.h/,
  },
  {
    name: 'headers-of-another-release',
    severity: 'problem',
    system: { files: headersIn(buildFolder, '6.6.8-other') },
    says: /are for 6\.6\.8-other, not for 6\.6\.9-test$/,
  },
  {
    name: 'headers-of-another-version',
    severity: 'warning',
    system: { files: headersIn(buildFolder, release, (6 << 16) | (6 << 8) | 8) },
    says: /LINUX_VERSION_CODE as 6\.6\.8, the kernel is 6\.6\.9$/,
  },
  {
    name: 'archive-of-links',
    severity: 'problem',
    system: { supply: { archive: { source: '/lib/kheaders.ko', files: 0, strayLinks: 6000 } } },
    says: /kheaders\.ko has no headers, only links/,
  },
  {
    name: 'temporary-headers-unsafe',
    when: 'owned by somebody',
    severity: 'problem',
    needsRoot: true,
    system: {
      files: { ...noBuild, ...headersIn(temporary) },
      arrange: (root) => {
        chownSync(join(root, temporary), 1000, 0);
      },
    },
    says: /belongs to user 1000, not to root$/,
    fix: `rm -rf /${temporary}`,
    tools: ['bcc'],
  },
  {
    name: 'temporary-headers-unsafe',
    when: 'writable for others, and bpftrace is old',
    severity: 'problem',
    needsRoot: true,
    system: {
      files: { ...noBuild, ...noBtf, ...headersIn(temporary) },
      programs: { bpftrace: '0.17.0' },
      arrange: (root) => {
        chmodSync(join(root, temporary), 0o777);
      },
    },
    says: /can be written to by others/,
    tools: ['bcc', 'bpftrace'],
  },
  {
    name: 'temporary-headers-unsafe',
    when: 'a link, and nobody comes so far',
    severity: 'warning',
    system: {
      files: headersIn('elsewhere'),
      arrange: (root) => {
        symlinkSync('/elsewhere', join(root, temporary));
      },
    },
    says: /is a symbolic link$/,
    tools: [],
  },
  {
    name: 'temporary-headers-empty',
    severity: 'problem',
    needsRoot: true,
    system: { files: noBuild, directories: [temporary] },
    fix: `rm -rf /${temporary}`,
  },
  {
    name: 'temporary-headers-partial',
    severity: 'problem',
    needsRoot: true,
    system: { files: { ...noBuild, [`${temporary}/include/linux/kconfig.h`]: '' } },
    says: /lacks include\/generated\/autoconf\.h$/,
  },
  {
    name: 'temporary-headers-partial',
    when: 'a directory in it is a link out of it',
    severity: 'problem',
    needsRoot: true,
    system: {
      files: { ...noBuild, ...headersIn('elsewhere') },
      directories: [temporary],
      links: { [`${temporary}/include`]: '../../elsewhere/include' },
    },
    says: /lacks include\/linux\/kconfig\.h and include/,
  },
  {
    name: 'headers-of-another-release',
    when: 'they lie in /tmp',
    severity: 'problem',
    needsRoot: true,
    system: { files: { ...noBuild, ...headersIn(temporary, '6.6.8-other') } },
    says: /tmp\/kheaders-6\.6\.9-test are for 6\.6\.8-other/,
    fix: `rm -rf /${temporary}`,
  },
  {
    name: 'temporary-headers-trusted',
    severity: 'note',
    needsRoot: true,
    system: { files: { ...noBuild, ...headersIn(temporary) } },
  },
  {
    name: 'temporary-headers-left-over',
    severity: 'note',
    system: { directories: ['tmp/kheaders-5.4.1', 'tmp/kheaders-5.4.1-aB3xYz', 'tmp/kheaders-$(reboot)'] },
    fix: 'rm -rf /tmp/kheaders-5.4.1 /tmp/kheaders-5.4.1-aB3xYz',
  },
  {
    name: 'clang-too-old',
    severity: 'problem',
    system: { files: bcc('0.37.0', 8) },
    says: /clang 8, which does not know asm goto/,
  },
  {
    name: 'clang-too-old',
    when: 'it knows asm goto',
    severity: 'warning',
    system: { files: bcc('0.37.0', 10) },
    says: /does not know asm inline/,
  },
  {
    name: 'clang-reads-headers-for-gcc',
    severity: 'note',
    system: { files: { ...noBcc, ...bcc('0.34.0') } },
  },
  {
    name: 'clang-reads-headers-for-gcc',
    when: 'on PowerPC',
    severity: 'problem',
    system: { files: { ...noBcc, ...bcc('0.34.0') }, machine: 'ppc64' },
  },
  {
    name: 'headers-need-microsoft-extensions',
    severity: 'problem',
    system: { release: '6.19.0', files: { ...noBcc, ...bcc('0.36.1') } },
  },
  {
    name: 'compiler-differs',
    severity: 'note',
    system: { programs: { gcc: '12.2.0' } },
    says: /built by gcc 13, gcc 12\.2\.0 is installed/,
  },
  {
    name: 'compiler-differs',
    when: 'modules are built here, and the kernel was by clang',
    severity: 'warning',
    system: {
      programs: { dkms: '3.0' },
      options: { CC_IS_GCC: undefined, CC_IS_CLANG: 'y', CLANG_VERSION: '180108' },
    },
    says: /built by clang 18, no clang is installed/,
    tools: ['DKMS'],
  },
];

for (const { name, when, severity, system, says, advises, fix, tools, needsRoot } of cases) {
  const register = testWith(needsRoot ? ['root'] : []);
  register(`${name}${when === undefined ? '' : `, ${when}`}`, async (t) => {
    const { findings } = await examineSystem(t, system);
    const found = findings.filter((each) => each.name === name);
    const [finding] = found;
    t.is(found.length, 1, findings.map((each) => each.what).join('\n'));
    t.is(finding?.severity, severity, finding?.what);
    if (says) t.regex(finding?.what ?? '', says);
    if (advises) t.regex(finding?.advice ?? '', advises);
    if (tools) t.deepEqual(finding?.tools, tools);
    if (typeof fix === 'string') t.is(finding?.fix, fix);
    else if (fix) t.regex(finding?.fix ?? '', fix);
  });
}

const isBad = ({ severity }: Finding): boolean => severity !== 'good';

test('of a sound system there are good findings only', async (t) => {
  const { findings } = await examineSystem(t, {});
  t.deepEqual(findings.filter(isBad), []);
  t.deepEqual(
    findings.map(({ name }) => name),
    ['headers-found', 'kernel-btf'],
  );
});

test('Debian spreads headers over build and source, and that is sound', async (t) => {
  const all = Object.entries(headersIn(''));
  const parts = (folder: string, generated: boolean): Record<string, string> =>
    Object.fromEntries(
      all
        .filter(([path]) => path.includes('generated') === generated)
        .map(([path, text]) => [folder + path, text]),
    );
  const { findings, lookups: results } = await examineSystem(t, {
    files: {
      ...noBuild,
      ...parts('usr/src/linux-headers-6.6-amd64', true),
      ...parts('usr/src/linux-headers-6.6-common', false),
    },
    links: {
      [`lib/modules/${release}/build`]: '/usr/src/linux-headers-6.6-amd64',
      [`lib/modules/${release}/source`]: '/usr/src/linux-headers-6.6-common',
    },
  });
  t.deepEqual(findings.filter(isBad), []);
  const headers = results.filter(({ need }) => need === 'headers');
  t.deepEqual(
    headers.map(({ used }) => used?.path),
    [`/lib/modules/${release}/source`, `/lib/modules/${release}/source`],
  );
});

test('a release that says less than the version, as those of Debian, is no mismatch', async (t) => {
  const name = '6.6.0-56-amd64';
  const { findings } = await examineSystem(t, {
    release: name,
    files: headersIn(`lib/modules/${name}/build`, name, (6 << 16) | (6 << 8) | 192),
    options: {},
  });
  // The configuration of this one says 6.6.0, so the third number counts ...
  t.deepEqual(
    findings.filter(isBad).map(({ what }) => what),
    [`the headers in /lib/modules/${name}/build define LINUX_VERSION_CODE as 6.6.192, the kernel is 6.6.0`],
  );
  // ... and where there is none it does not.
  const second = await examineSystem(t, {
    release: name,
    files: {
      ...headersIn(`lib/modules/${name}/build`, name, (6 << 16) | (6 << 8) | 192),
      'proc/config.gz': undefined,
    },
  });
  t.false(second.findings.some((each) => each.name === 'headers-of-another-version'));
});

test('of a system at rest its configuration tells what it will show', async (t) => {
  const files = { ...noBtf, 'proc/config.gz': undefined, 'proc/version': undefined };
  const { findings, subject } = await examineSystem(t, {
    files: {
      ...files,
      'proc/sys/kernel/osrelease': undefined,
      [`boot/config-${release}`]: 'CONFIG_DEBUG_INFO_BTF=y\nCONFIG_DEBUG_INFO_BTF_MODULES=y\n',
    },
  });
  t.is(subject.system.release, release);
  t.deepEqual(findings.filter(isBad), []);
});

test('bpftrace until 0.20.3 finds the archive where there is no BTF, later ones do not', async (t) => {
  const system = { files: { ...noBuild, ...noBtf, ...kheaders } };
  const used = async (version: string): Promise<string | undefined> => {
    const { lookups: results } = await examineSystem(t, { ...system, programs: { bpftrace: version } });
    return results.find(({ tool, need }) => tool === 'bpftrace' && need === 'headers')?.used?.path;
  };
  t.is(await used('0.20.3'), '/sys/kernel/kheaders.tar.xz');
  t.is(await used('0.20.4'), undefined);
  t.is(await used('0.21.0'), undefined);
});

test('what a variable names comes before all else, and is looked at', async (t) => {
  const { findings, lookups: results } = await examineSystem(t, {
    files: headersIn('srv/headers', '6.6.8-other'),
    environment: { BCC_KERNEL_SOURCE: '/srv/headers' },
  });
  t.is(results.find(({ tool }) => tool === 'bcc')?.used?.path, '/srv/headers');
  t.deepEqual(
    findings.filter(isBad).map(({ name }) => name),
    ['headers-of-another-release'],
  );
});

testWith(['root'])('nothing is read in a directory of /tmp that is not root’s', async (t) => {
  const { findings } = await examineSystem(t, {
    // Another release would be told of, if it were looked at.
    files: headersIn(temporary, '6.6.8-other'),
    arrange: (root) => {
      chownSync(join(root, temporary), 1000, 1000);
    },
  });
  t.deepEqual(
    findings.filter(isBad).map(({ name }) => name),
    ['temporary-headers-unsafe'],
  );
});

test('links of another system are followed below its root only', async (t) => {
  const { findings } = await examineSystem(t, {
    files: { ...noBuild, ...noBtf },
    links: { 'sys/kernel/btf/vmlinux': '/proc/self/exe', [buildFolder]: '../../../../../../../../../usr' },
  });
  // Both would be there if they led out of it.
  t.true(findings.some(({ name }) => name === 'no-kernel-btf'));
});

test('every finding has a system that has it', (t) => {
  const tested = new Set(cases.map(({ name }) => name));
  t.deepEqual(
    findingNames.filter((name) => !tested.has(name)),
    [],
  );
});

test('every tool that is looked for looks for something, and the other way round', (t) => {
  const names = new Set(knownTools.map(({ name }) => name));
  t.deepEqual([...new Set(lookups.map(({ tool }) => tool))].sort(), [...names].sort());
  t.true(lookups.every(({ places, source }) => places.length > 0 && source.length > 0));
});
